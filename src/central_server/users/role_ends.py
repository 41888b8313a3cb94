from collections.abc import Sequence

from central.kernel.ids import TenantId
from central.users.events import UserRoleEnded
from central_server.infra.actor import SYSTEM
from central_server.infra.db import Database
from central_server.infra.outbox import Outbox
from central_server.roles.service import RoleService
from central_server.users.queries import ended as queries
from central_server.users.tables import DBEndedRole


class RoleEnds:
    """Roles whose time has come. They count no longer as it is; here that is told, and the grant goes."""

    def __init__(self, db: Database, outbox: Outbox, roles: RoleService) -> None:
        self.db = db
        self.outbox = outbox
        self.roles = roles

    async def TX_list_due(self, count: int) -> Sequence[DBEndedRole]:
        """List grants of all tenants that have ended, the earliest first."""
        async with self.db.platform_read("roles end", routine=True) as reader:
            return await reader.all(queries.LIST_ENDED_ROLES, count=count)

    async def TX_end(self, due: DBEndedRole) -> bool:
        """Tell that a role has ended; False when that was told before, or it was given anew."""
        tenant: TenantId = due["tenant_id"]
        async with self.db.write(tenant) as tx:
            which = {"of_tenant": tenant, "of_user": due["user_id"], "of_role": due["role"]}
            if await tx.first(queries.END_ROLE, **which) is None:
                return False
            role = await self.roles.get_role_by_slug(tenant, due["role"], tx)
            assert role is not None, "a grant refers to a role that is there"
            await self.outbox.add(UserRoleEnded(tenant_id=tenant, user_id=due["user_id"], role_id=role.id), SYSTEM, tx)
        return True
