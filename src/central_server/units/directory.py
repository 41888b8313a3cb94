from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from central.kernel.ids import TenantId, UnitId
from central.units.models import (
    GetUnitByCodeInput,
    GetUnitPathInput,
    GetUnitPathResponse,
    ListUnitAncestorsInput,
    ListUnitAncestorsResponse,
    ListUnitsInput,
    ListUnitsResponse,
    Unit,
)
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.paging import Position, next_cursor, open_cursor
from central_server.units.mapping import found, unit_from
from central_server.units.policy import tags_asked
from central_server.units.queries import units as queries
from central_server.units.queries.lists import UnitListShape, list_units
from central_server.units.tables import DBListedUnit, DBUnit

T = TypeVar("T")
_PAGE = 5000


class UnitDirectory:
    """Finds units: by their codes, by many conditions at once, and by where they stand."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def get_unit_by_code(
        self, tenant: TenantId, code: str, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Unit | None:
        """Find the unit that other systems call so, whatever the case."""
        row = await (executor or self.db.read(tenant)).first(queries.GET_UNIT_BY_CODE, tenant_id=tenant, code=code)
        return None if row is None else unit_from(row)

    async def with_unit_by_code(
        self,
        tenant: TenantId,
        code: str,
        use: Callable[[Unit], Awaitable[T]],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> T:
        """Find a unit by its code and use it; `NotFoundError` when there is none."""
        return await use(found(await self.get_unit_by_code(tenant, code, executor)))

    async def get_by_code(
        self, input: GetUnitByCodeInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Unit:
        """Give the unit of the actor's tenant that other systems call so."""
        return found(await self.get_unit_by_code(actor.tenant_id, input.code, executor))

    async def list(
        self, input: ListUnitsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListUnitsResponse:
        """Give a page of the units of the actor's tenant."""
        asked, position = open_cursor(input)
        shape, parameters = _conditions(asked, position)
        rows = await (executor or self.db.read(actor.tenant_id)).all(
            list_units(shape, asked.sort), tenant_id=actor.tenant_id, count=asked.limit + 1, **parameters
        )
        shown, cursor = rows[: asked.limit], None
        if len(rows) > asked.limit:
            cursor = next_cursor(asked, _sort_key(shown[-1], asked.sort.removeprefix("-")), shown[-1]["id"])
        return ListUnitsResponse(units=[unit_from(row) for row in shown], next_cursor=cursor)

    async def list_all(
        self, tenant: TenantId, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Sequence[DBUnit]:
        """Give all units of a tenant, for who has to see the whole tree."""
        rows: list[DBUnit] = []
        while True:
            after = rows[-1]["id"] if rows else UUID(int=0)
            page = await (executor or self.db.read(tenant)).all(
                queries.LIST_ALL, tenant_id=tenant, after_id=after, count=_PAGE
            )
            rows += page
            if len(page) < _PAGE:
                return rows

    async def list_ancestors(
        self, input: ListUnitAncestorsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListUnitAncestorsResponse:
        """Give all units above one, the topmost first, on one page."""
        *above, _ = await self._chain(actor.tenant_id, input.unit, executor)
        return ListUnitAncestorsResponse(units=[unit_from(row) for row in above])

    async def get_path(
        self, input: GetUnitPathInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> GetUnitPathResponse:
        """Give the way between two units, over the lowest one that stands above both, or is one of them."""
        up = await self._chain(actor.tenant_id, input.unit, executor)
        down = await self._chain(actor.tenant_id, input.to, executor)
        shared = sum(1 for here, there in zip(up, down, strict=False) if here["id"] == there["id"])
        if not shared:
            return GetUnitPathResponse(units=[])
        way = [*reversed(up[shared - 1 :]), *down[shared:]]
        return GetUnitPathResponse(units=[unit_from(row) for row in way], common_ancestor_id=up[shared - 1]["id"])

    async def _chain(
        self, tenant: TenantId, unit: UnitId, executor: ReadExecutor | WriteExecutor | None
    ) -> Sequence[DBUnit]:
        """Give a unit and all above it, the topmost first; `NotFoundError` when there is none."""
        rows = await (executor or self.db.read(tenant)).all(queries.LIST_ANCESTORS, tenant_id=tenant, unit=unit)
        return found(rows or None)


def _conditions(asked: ListUnitsInput, position: Position | None) -> tuple[UnitListShape, dict[str, Any]]:
    values: dict[str, Any] = {
        name: value
        for name in ("parent", "below", "kind", "archived", "text")
        if (value := getattr(asked, name)) is not None
    }
    if asked.tag:
        values["tags"] = tags_asked(asked.tag)
    if position is not None:
        values |= {"after_key": _place(position, asked.sort.removeprefix("-")), "after_id": position.id}
    shape = UnitListShape(
        by_parent="parent" in values,
        top=asked.top,
        by_subtree="below" in values,
        by_kind="kind" in values,
        by_tag="tags" in values,
        by_state="archived" in values,
        by_text="text" in values,
        goes_on=position is not None,
    )
    return shape, values


def _place(position: Position, key: str) -> Any:
    match key:
        case "created_at":
            return position.time
        case "position":
            return position.number
        case _:
            return position.key


def _sort_key(row: DBListedUnit, key: str) -> Any:
    match key:
        case "created_at":
            return row["created_at"]
        case "position":
            return row["position"]
        case _:
            return row["name_key"]
