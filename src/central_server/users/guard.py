from collections.abc import Collection
from typing import NamedTuple, cast

from central.errors import NotFoundError
from central.kernel.ids import TenantId, UserId
from central_server.infra.actor import Actor
from central_server.infra.db import Query, WriteExecutor
from central_server.roles.service import RoleService
from central_server.users.policy import OWNER, Doer, check_may_change, check_may_grant
from central_server.users.queries import people as queries
from central_server.users.tables import DBLockedUser, DBUser


class LockedUser(NamedTuple):
    """A user's row that nobody else changes now, and the tenant's active owners if they matter."""

    row: DBUser
    owners: frozenset[UserId]


class UserGuard:
    """Locks people for changes, and lets through only who may make them."""

    def __init__(self, roles: RoleService) -> None:
        self.roles = roles

    async def lock(
        self,
        user: UserId,
        actor: Actor,
        executor: WriteExecutor,
        *,
        owners_matter: bool = False,
        query: Query[DBLockedUser] = queries.LOCK_USER,
    ) -> LockedUser:
        """Lock a user for a change that the actor may make, and then the set of owners if it matters.

        `NotFoundError` when there is no such user, `ForbiddenError` when they may do more than the actor.
        """
        row = await executor.first(query, tenant_id=actor.tenant_id, id=user)
        if row is None:
            raise NotFoundError.of("user")
        permissions = await self.roles.permissions_of(actor.tenant_id, row["roles"], executor)
        check_may_change(actor, row["roles"], permissions, row["system_permissions"])
        if OWNER in row["roles"] and user != actor.user_id:
            actor.check_fresh()
        owners = await self.lock_owners(actor.tenant_id, executor) if owners_matter else frozenset[UserId]()
        shown = {name: value for name, value in row.items() if name != "system_permissions"}
        return LockedUser(cast("DBUser", shown), owners)

    async def lock_owners(self, tenant: TenantId, executor: WriteExecutor) -> frozenset[UserId]:
        """Give the tenant's active owners without an end, of whom none goes before the transaction ends."""
        await executor.first(queries.LOCK_OWNERS, owners_key=f"owners|{tenant}")
        rows = await executor.all(queries.LIST_ACTIVE_OWNERS, tenant_id=tenant)
        return frozenset(row["id"] for row in rows)

    async def check_may_grant(self, actor: Doer, roles: Collection[str], executor: WriteExecutor) -> None:
        """Refuse to give or take roles beyond what the actor holds; they stay as they are until the end."""
        permissions = await self.roles.hold_permissions_of(actor.tenant_id, roles, executor)
        check_may_grant(actor, roles, permissions)
