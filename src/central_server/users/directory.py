from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from pydantic_core import from_json

from central.errors import ValidationFailedError
from central.kernel.ids import TenantId, UserId
from central.users.models import (
    CountUsersInput,
    CountUsersResponse,
    GetManyUsersInput,
    GetManyUsersResponse,
    GetUserByExternalIdInput,
    ListUsersInput,
    ListUsersResponse,
    User,
    UserFilterInput,
)
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.paging import next_cursor, open_cursor
from central_server.infra.text import like_pattern
from central_server.users.mapping import found, user_from, users_from
from central_server.users.queries import lists, people
from central_server.users.queries.lists import UserFilterShape
from central_server.users.tables import DBExportedUser, DBUser

T = TypeVar("T")
_PAGE = 500
_EPOCH = "1970-01-01T00:00:00+00:00"


class UserDirectory:
    """Finds people: by what other systems call them, by many conditions at once, in pages, counted."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def get_user_by_external_id(
        self, tenant: TenantId, source: str, value: str, executor: ReadExecutor | WriteExecutor | None = None
    ) -> User | None:
        """Find the user whom another system calls so."""
        row = await (executor or self.db.read(tenant)).first(
            people.GET_USER_BY_EXTERNAL_ID, tenant_id=tenant, source=source, external_id=value
        )
        return None if row is None else user_from(row, tenant)

    async def with_user_by_external_id(
        self,
        tenant: TenantId,
        source: str,
        value: str,
        use: Callable[[User], Awaitable[T]],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> T:
        """Find the user whom another system calls so and use them; `NotFoundError` when there is none."""
        return await use(found(await self.get_user_by_external_id(tenant, source, value, executor)))

    async def get_by_external_id(
        self, input: GetUserByExternalIdInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> User:
        """Give the user of the actor's tenant whom another system calls so."""
        return found(await self.get_user_by_external_id(actor.tenant_id, input.source, input.value, executor))

    async def get_many(
        self, input: GetManyUsersInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> GetManyUsersResponse:
        """Give those of the users that are there, in the order that they were asked for, each once."""
        reader = executor or self.db.read(actor.tenant_id)
        asked = list(dict.fromkeys(input.users))
        rows = await reader.all(people.GET_MANY_USERS, tenant_id=actor.tenant_id, ids=[id.uuid for id in asked])
        by_id = {row["id"]: row for row in rows}
        users = users_from([by_id[id] for id in asked if id in by_id], actor.tenant_id)
        return GetManyUsersResponse.model_validate({"users": users})

    async def list(
        self, input: ListUsersInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListUsersResponse:
        """Give a page of the users of the actor's tenant."""
        asked, position = open_cursor(input)
        shape, parameters = _conditions(asked, actor.tenant_id)
        parameters["count"] = asked.limit + 1
        if position is not None:
            by_time = asked.sort.endswith("_at")
            parameters |= {"after_key": position.time if by_time else position.key, "after_id": position.id}
        query = lists.list_users(shape, asked.sort, goes_on=position is not None)
        rows = await (executor or self.db.read(actor.tenant_id)).all(query, **parameters)
        return _page(rows, asked, actor.tenant_id)

    async def count(
        self, input: CountUsersInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> CountUsersResponse:
        """Count the users of the actor's tenant for whom the conditions hold."""
        return CountUsersResponse(count=await self.count_matching(actor.tenant_id, input, executor))

    async def count_matching(
        self, tenant: TenantId, asked: UserFilterInput, executor: ReadExecutor | WriteExecutor | None = None
    ) -> int:
        """Count the users of a tenant for whom the conditions hold."""
        shape, parameters = _conditions(asked, tenant)
        return int(await (executor or self.db.read(tenant)).scalar(lists.count_users(shape), **parameters))

    async def page_to_export(
        self,
        tenant: TenantId,
        asked: UserFilterInput,
        after: UserId | None,
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> Sequence[DBExportedUser]:
        """Give the next users for whom the conditions hold, by their ids; none behind the last."""
        shape, parameters = _conditions(asked, tenant)
        if after is not None:
            parameters["after_id"] = after
        query = lists.export_users(shape, goes_on=after is not None)
        return await (executor or self.db.read(tenant)).all(query, **parameters, count=_PAGE)


def check_filters(asked: UserFilterInput) -> None:
    """Refuse filters that name something twice: `ValidationFailedError`."""
    _pairs("tag", asked.tag)
    _pairs("attribute", asked.attribute)


def _conditions(asked: UserFilterInput, tenant: TenantId) -> tuple[UserFilterShape, dict[str, Any]]:
    """Give which conditions are asked for, and the parameters of their statement."""
    values: dict[str, Any] = {
        name: value
        for name in ("email", "connector", "state", "role", "signed_in_after", "signed_in_before")
        if (value := getattr(asked, name)) is not None
    }
    if asked.external is not None:
        values["source"], _, values["external_id"] = asked.external.partition(":")
    if asked.tag:
        values["tags"] = _pairs("tag", asked.tag)
    if asked.text is not None:
        values["pattern"] = like_pattern(asked.text)
    for number, (name, value) in enumerate(_pairs("attribute", asked.attribute).items()):
        values[f"attribute_{number}_text"] = {name: value}
        values[f"attribute_{number}_json"] = {name: _json_or_text(value)}
    shape = UserFilterShape(
        by_email="email" in values,
        by_external="source" in values,
        by_tag="tags" in values,
        attributes=len(asked.attribute),
        by_connector="connector" in values,
        by_state="state" in values,
        by_role="role" in values,
        after="signed_in_after" in values,
        before="signed_in_before" in values,
        by_text="pattern" in values,
    )
    return shape, {"tenant_id": tenant, **values}


def _pairs(field: str, filters: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in filters:
        name, _, value = text.partition(":")
        if name in pairs:
            raise ValidationFailedError.of(field, f"{name!r} is named twice, and has one value", code="repeated")
        pairs[name] = value
    return pairs


def _json_or_text(value: str) -> Any:
    """Read a number, a truth value or null as such: `floor:3` finds both the text and the number."""
    try:
        parsed = from_json(value, allow_inf_nan=False)
    except ValueError:
        return value
    return value if isinstance(parsed, dict | list) else parsed


def _page(rows: Sequence[DBUser], asked: ListUsersInput, tenant: TenantId) -> ListUsersResponse:
    cursor = None
    if len(rows) > asked.limit:
        last = rows[asked.limit - 1]
        cursor = next_cursor(asked, _sort_key(last, asked.sort.removeprefix("-")), last["id"])
    return ListUsersResponse.model_validate({"users": users_from(rows[: asked.limit], tenant), "next_cursor": cursor})


def _sort_key(row: DBUser, name: str) -> Any:
    match name:
        case "email":
            return row["email"].lower()
        case "last_sign_in_at":
            return row["last_sign_in_at"] or _EPOCH
        case _:
            return row["created_at" if name == "created_at" else "display_name"]
