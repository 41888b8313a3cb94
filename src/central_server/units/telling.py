from collections.abc import Sequence

from central.kernel.ids import TenantId, UnitAssignmentId
from central.units.events import UnitAssignmentEnded, UnitAssignmentStarted
from central_server.infra.actor import SYSTEM, By
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.units.queries import assignments as queries
from central_server.units.tables import DBDueAssignment


class AssignmentTelling:
    """Tells of assignments whose moment has come. They hold, or hold no more, as it is; here that is told."""

    def __init__(self, db: Database, outbox: Outbox) -> None:
        self.db = db
        self.outbox = outbox

    async def TX_list_due(self, count: int) -> Sequence[DBDueAssignment]:
        """List assignments of all tenants that have begun or ended, of which that was not told."""
        async with self.db.platform_read("assignments begin and end", routine=True) as reader:
            return await reader.all(queries.LIST_DUE, count=count)

    async def TX_tell(self, due: DBDueAssignment) -> bool:
        """Tell that an assignment has begun or ended; False when that was told before, or put off meanwhile."""
        async with self.db.write(due["tenant_id"]) as tx:
            return await self.tell(due["tenant_id"], due["id"], SYSTEM, tx)

    async def tell(self, tenant: TenantId, assignment: UnitAssignmentId, by: By, executor: WriteExecutor) -> bool:
        """Tell what is due of one assignment, as part of more steps; whether there was anything."""
        of = {"of_tenant": tenant, "assignment": assignment}
        started = await executor.first(queries.NOTE_STARTED, **of)
        ended = await executor.first(queries.NOTE_ENDED, **of)
        for kind, row in ((UnitAssignmentStarted, started), (UnitAssignmentEnded, ended)):
            if row is not None:
                event = kind(tenant_id=tenant, assignment_id=assignment, unit_id=row["unit_id"], user_id=row["user_id"])
                await self.outbox.add(event.model_copy(update={"version": row["version"]}), by, executor)
        return started is not None or ended is not None
