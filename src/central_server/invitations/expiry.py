from collections.abc import Sequence

from central.invitations.events import InvitationExpired
from central_server.infra.actor import SYSTEM
from central_server.infra.db import Database
from central_server.infra.outbox import Outbox
from central_server.invitations import queries
from central_server.invitations.tables import DBDueInvitation


class InvitationExpiry:
    """Invitations that have run out. They count no longer as it is; here that is told."""

    def __init__(self, db: Database, outbox: Outbox) -> None:
        self.db = db
        self.outbox = outbox

    async def TX_list_due(self, count: int) -> Sequence[DBDueInvitation]:
        """List invitations of all tenants that have run out, of which that was not told, the earliest first."""
        async with self.db.platform_read("invitations run out", routine=True) as reader:
            return await reader.all(queries.LIST_RUN_OUT, count=count)

    async def TX_expire(self, due: DBDueInvitation) -> bool:
        """Tell that an invitation has run out; False when that was told before, or it was sent again or revoked.

        It stays as it is otherwise: one that has only run out can be sent again.
        """
        tenant = due["tenant_id"]
        async with self.db.write(tenant) as tx:
            if await tx.first(queries.NOTE_EXPIRY_TOLD, of_tenant=tenant, of_id=due["id"]) is None:
                return False
            await self.outbox.add(InvitationExpired(tenant_id=tenant, invitation_id=due["id"]), SYSTEM, tx)
        return True
