from typing import Final

from central.jobs.models import Job, JobKind, UnitExportResult
from central.unit_exports.events import UnitExportRequested
from central.unit_exports.models import StartUnitExportInput
from central_server.infra.actor import Actor
from central_server.infra.db import Database
from central_server.jobs.service import JobService
from central_server.units.mapping import found
from central_server.units.service import UnitService

KIND: Final[JobKind] = "unit_export"


class UnitExportService:
    """Exports of units, as those see them who ask for them."""

    def __init__(self, db: Database, jobs: JobService, units: UnitService) -> None:
        self.db = db
        self.jobs = jobs
        self.units = units

    async def TX_start(self, input: StartUnitExportInput, actor: Actor) -> Job:
        """Make a job that writes a file; `NotFoundError` for a unit that is not there."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            if input.below is not None:
                found(await self.units.get_unit_by_id(actor.tenant_id, input.below, tx))
            return await self.jobs.start_export(KIND, input, UnitExportResult(), UnitExportRequested, actor, tx)
