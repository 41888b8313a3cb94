from central.auth.events import SignInFailed, SignInFailure, SignInFault
from central.kernel.ids import AuthConnectorId, SignInId, TenantId
from central_server.infra.actor import Caller
from central_server.infra.db import Database
from central_server.infra.outbox import Outbox


class SignInRefusals:
    """Tells a tenant's administrators why somebody was not let in, whatever that person is told."""

    def __init__(self, db: Database, outbox: Outbox) -> None:
        self.db = db
        self.outbox = outbox

    async def TX_tell(
        self,
        tenant: TenantId,
        connector: AuthConnectorId,
        reason: SignInFailure | None,
        caller: Caller,
        *,
        sign_in: SignInId | None = None,
        fault: SignInFault | None = None,
    ) -> None:
        """Write the event, unless the reason is none of theirs; in a transaction of its own, as none else commits."""
        if reason is None:
            return
        event = SignInFailed(tenant_id=tenant, connector_id=connector, reason=reason, fault=fault, sign_in_id=sign_in)
        async with self.db.write(tenant) as tx:
            await self.outbox.add(event, caller.by, tx)
