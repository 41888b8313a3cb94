from central.events.events import EventRetentionChanged
from central.events.models import EventRetention, SetEventRetentionInput
from central_server.events.queries import DELETE_OLD, GET_RETENTION, LOCK_RETENTION, SET_RETENTION
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.outbox import Outbox


class EventRetentionService:
    """For how long tenants keep what happened: for ever, unless they say otherwise."""

    def __init__(self, db: Database, outbox: Outbox) -> None:
        self.db = db
        self.outbox = outbox

    async def get(self, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None) -> EventRetention:
        """Give what holds in the actor's tenant."""
        row = await (executor or self.db.read(actor.tenant_id)).first(GET_RETENTION, tenant_id=actor.tenant_id)
        return EventRetention(days=None if row is None else row["days"])

    async def TX_set(self, input: SetEventRetentionInput, actor: Actor) -> EventRetention:
        """Set it; what is older goes at the next clean-ups."""
        tenant = actor.tenant_id
        async with self.db.write(tenant, actor.unit) as tx:
            row = await tx.first(LOCK_RETENTION, tenant_id=tenant)
            await tx.execute(SET_RETENTION, tenant_id=tenant, days=input.days)
            before = None if row is None else row["days"]
            if before != input.days:
                event = EventRetentionChanged(tenant_id=tenant, before=before, after=input.days)
                await self.outbox.add(event, actor.by, tx)
        return EventRetention(days=input.days)

    async def TX_delete_old(self, count: int) -> int:
        """Delete up to so many events of all tenants that are older than their tenants keep them; gives how many."""
        async with self.db.platform_write("old events go", routine=True) as tx:
            return await tx.execute(DELETE_OLD, count=count)
