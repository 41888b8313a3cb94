from central.jobs.models import Job, UnitImportResult
from central.unit_imports.events import UnitImportRequested
from central.unit_imports.models import StartUnitImportInput
from central_server.infra.actor import Actor
from central_server.jobs.intake import RowIntake


class UnitImportService(RowIntake):
    """Imports of units, as those see them who ask for them."""

    kind = "unit_import"
    requested = UnitImportRequested

    async def TX_start(self, input: StartUnitImportInput, actor: Actor) -> Job:
        """Make a job that waits for its rows."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.make(input, UnitImportResult(dry_run=input.dry_run), actor, tx)
