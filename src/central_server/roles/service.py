from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeVar

from central.errors import ConflictError, NotFoundError, ValidationFailedError
from central.kernel.ids import RoleId, TenantId
from central.roles.events import RoleCreated, RoleDeleted, RoleUpdated
from central.roles.models import (
    CreateRoleInput,
    DeleteRoleInput,
    GetRoleInput,
    ListRolesInput,
    ListRolesResponse,
    Role,
    UpdateRoleInput,
)
from central_server.infra.actor import Actor
from central_server.infra.db import Database, Query, ReadExecutor, WriteExecutor, register_conflict
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor
from central_server.roles import queries
from central_server.roles.policy import BUILT_IN_ROLES, check_holds, check_own_role, may_change_things, permissions_of
from central_server.roles.tables import DBRole
from central_server.sessions.service import SessionService

T = TypeVar("T")


def _role_missing() -> ValidationFailedError:
    return ValidationFailedError.of("roles", "There is no such role here", code="unknown_role")


register_conflict("uq_roles_slug", lambda: ConflictError("A role with this slug exists already.", code="slug_taken"))
register_conflict("fk_user_roles_tenant_id_role_roles", _role_missing)


class RoleService:
    """The roles of tenants: three that every tenant has, and those of its own.

    Nobody makes or changes a role beyond what they hold themselves. A slug never changes; a role that somebody
    holds stays.
    """

    def __init__(self, db: Database, outbox: Outbox, sessions: SessionService) -> None:
        self.db = db
        self.outbox = outbox
        self.sessions = sessions

    async def create_built_in_roles(self, tenant: TenantId, executor: WriteExecutor) -> None:
        """Give a new tenant the roles that every tenant has."""
        await executor.execute(
            queries.INSERT_BUILT_IN_ROLES,
            tenant_id=tenant,
            ids=[RoleId.new().uuid for _ in BUILT_IN_ROLES],
            slugs=list(BUILT_IN_ROLES),
            names=[name for name, _ in BUILT_IN_ROLES.values()],
        )

    async def get_role_by_slug(
        self, tenant: TenantId, slug: str, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Role | None:
        """Find a role."""
        row = await (executor or self.db.read(tenant)).first(queries.GET_ROLE, tenant_id=tenant, slug=slug)
        return None if row is None else role_from(row)

    async def with_role_by_slug(
        self,
        tenant: TenantId,
        slug: str,
        use: Callable[[Role], Awaitable[T]],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> T:
        """Find a role and use it; `NotFoundError` when there is none."""
        return await use(_found(await self.get_role_by_slug(tenant, slug, executor)))

    async def get(
        self, input: GetRoleInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Role:
        """Give a role of the actor's tenant."""
        return _found(await self.get_role_by_slug(actor.tenant_id, input.role, executor))

    async def list(
        self, input: ListRolesInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListRolesResponse:
        """Give a page of the roles of the actor's tenant, by slug."""
        asked, position = open_cursor(input)
        reader, count = executor or self.db.read(actor.tenant_id), asked.limit + 1
        if position is None:
            rows = await reader.all(queries.LIST_ROLES, tenant_id=actor.tenant_id, count=count)
        else:
            rows = await reader.all(
                queries.LIST_ROLES_AFTER, tenant_id=actor.tenant_id, count=count, after_key=position.key
            )
        shown = rows[: asked.limit]
        cursor = next_cursor(asked, shown[-1]["slug"], shown[-1]["id"]) if len(rows) > asked.limit else None
        return ListRolesResponse(roles=[role_from(row) for row in shown], next_cursor=cursor)

    async def TX_create_role(self, input: CreateRoleInput, actor: Actor) -> Role:
        """Create a role; `ConflictError` when the slug is taken, `ForbiddenError` beyond what the actor holds."""
        check_holds(actor.permissions, input.permissions)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            row = await tx.first(
                queries.INSERT_ROLE,
                tenant_id=actor.tenant_id,
                id=RoleId.new(),
                slug=input.slug,
                name=input.name,
                description=input.description,
                permissions=sorted(input.permissions),
                reach=input.reach,
            )
            role = role_from(_found(row))
            await self.outbox.add(RoleCreated(tenant_id=actor.tenant_id, role_id=role.id, version=1), actor.by, tx)
        return role

    async def TX_update_role(self, input: UpdateRoleInput, actor: Actor) -> Role:
        """Change a role; `ForbiddenError` where it has, or would get, what the actor does not hold.

        Where it allows more than to read now, the sessions of whoever holds it are shorter from now on.
        """
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self._lock(input.role, actor, tx)
            if input.expected_version not in {None, before["version"]}:
                raise ConflictError("Somebody else changed this role first; read it again.", code="version_conflict")
            permissions = before["permissions"] if input.permissions is None else sorted(input.permissions)
            check_holds(actor.permissions, permissions)
            clears = "description" in input.model_fields_set
            row = await tx.first(
                queries.UPDATE_ROLE,
                of_tenant=actor.tenant_id,
                of_slug=input.role,
                new_name=input.name or before["name"],
                new_description=input.description if clears else before["description"],
                new_permissions=permissions,
                new_reach=input.reach or before["reach"],
            )
            if may_change_things(permissions):
                # After the role: whoever signs in with it holds it first, and their sessions after it.
                await self.sessions.make_powerful(actor.tenant_id, input.role, tx)
            updated = RoleUpdated.between(before, _found(row), tenant_id=actor.tenant_id, role_id=before["id"])
            await self.outbox.add(updated, actor.by, tx)
        return role_from(_found(row))

    async def TX_delete_role(self, input: DeleteRoleInput, actor: Actor) -> None:
        """Delete a role; `ConflictError` while somebody holds it."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self._lock(input.role, actor, tx)
            try:
                async with tx.savepoint() as part:
                    await part.execute(queries.DELETE_ROLE, tenant_id=actor.tenant_id, slug=input.role)
            except ValidationFailedError:
                # The foreign key that keeps anybody from being given a role that is not there, from its other side.
                raise ConflictError("Somebody holds this role; take it from them first.", code="role_in_use") from None
            await self.outbox.add(RoleDeleted(tenant_id=actor.tenant_id, role_id=before["id"]), actor.by, tx)

    async def permissions_of(
        self,
        tenant: TenantId,
        slugs: Collection[str],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> frozenset[str]:
        """Give what roles allow together; built-in ones are not looked up."""
        return await self._permissions_of(queries.LIST_ROLES_NAMED, tenant, slugs, executor or self.db.read(tenant))

    async def hold_permissions_of(
        self, tenant: TenantId, slugs: Collection[str], executor: WriteExecutor
    ) -> frozenset[str]:
        """Give what roles allow together, and keep it so until the transaction ends.

        `ValidationFailedError` for a role that is not there.
        """
        return await self._permissions_of(queries.HOLD_ROLES_NAMED, tenant, slugs, executor)

    async def hold_existing(self, tenant: TenantId, slugs: Collection[str], executor: WriteExecutor) -> frozenset[str]:
        """Give which of these roles there are, and keep them until the transaction ends."""
        own = sorted(set(slugs) - BUILT_IN_ROLES.keys())
        rows = await executor.all(queries.HOLD_ROLES_NAMED, tenant_id=tenant, slugs=own) if own else []
        return frozenset(slugs) & {*BUILT_IN_ROLES, *(row["slug"] for row in rows)}

    async def hold_each(
        self, tenant: TenantId, slugs: Collection[str], executor: WriteExecutor
    ) -> dict[str, frozenset[str]]:
        """Give what each of these roles allows, as far as they are there, and keep it so until the end."""
        return await self._each(queries.HOLD_ROLES_NAMED, tenant, slugs, executor)

    async def permissions_of_each(
        self, tenant: TenantId, slugs: Collection[str], executor: ReadExecutor | WriteExecutor | None = None
    ) -> dict[str, frozenset[str]]:
        """Give what each of these roles allows, as far as they are there."""
        return await self._each(queries.LIST_ROLES_NAMED, tenant, slugs, executor or self.db.read(tenant))

    async def hold_for_newcomer(
        self, tenant: TenantId, slugs: Collection[str], executor: WriteExecutor
    ) -> Sequence[str]:
        """Give the roles of somebody new: those of these that there are still, else `member`."""
        return sorted(await self.hold_existing(tenant, slugs, executor)) or ["member"]

    async def _each(
        self, query: Query[DBRole], tenant: TenantId, slugs: Collection[str], executor: ReadExecutor
    ) -> dict[str, frozenset[str]]:
        own = sorted(set(slugs) - BUILT_IN_ROLES.keys())
        rows = await executor.all(query, tenant_id=tenant, slugs=own) if own else []
        allowed = {slug: BUILT_IN_ROLES[slug][1] for slug in set(slugs) & BUILT_IN_ROLES.keys()}
        return allowed | {row["slug"]: permissions_of((row["slug"],), tuple(row["permissions"])) for row in rows}

    async def _permissions_of(
        self, query: Query[DBRole], tenant: TenantId, slugs: Collection[str], executor: ReadExecutor
    ) -> frozenset[str]:
        own = sorted(set(slugs) - BUILT_IN_ROLES.keys())
        rows = await executor.all(query, tenant_id=tenant, slugs=own) if own else []
        if missing := sorted(set(own) - {row["slug"] for row in rows}):
            raise ValidationFailedError.of("roles", f"There is no role {missing[0]!r} here", code="unknown_role")
        granted = sorted({permission for row in rows for permission in row["permissions"]})
        return permissions_of(tuple(sorted(slugs)), tuple(granted))

    async def _lock(self, slug: str, actor: Actor, tx: WriteExecutor) -> DBRole:
        """Lock a role of the tenant's own of which the actor holds every permission."""
        locked = await tx.first(queries.LOCK_ROLE, tenant_id=actor.tenant_id, slug=slug)
        row = _found(locked)
        check_own_role(row["built_in"])
        check_holds(actor.permissions, row["permissions"])
        return row


def role_from(row: DBRole) -> Role:
    """Make the DTO of a row; what a built-in role allows is known to the code."""
    permissions = sorted(BUILT_IN_ROLES[row["slug"]][1]) if row["built_in"] else row["permissions"]
    return Role.model_validate({**row, "permissions": permissions})


def _found(value: T | None) -> T:
    if value is None:
        raise NotFoundError.of("role")
    return value
