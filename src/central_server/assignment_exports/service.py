from typing import Final

from central.assignment_exports.events import AssignmentExportRequested
from central.assignment_exports.models import StartAssignmentExportInput
from central.jobs.models import AssignmentExportResult, Job, JobKind
from central_server.infra.actor import Actor
from central_server.infra.db import Database
from central_server.jobs.service import JobService
from central_server.units.mapping import found
from central_server.units.service import UnitService
from central_server.users.policy import check_may_read_users

KIND: Final[JobKind] = "assignment_export"


class AssignmentExportService:
    """Exports of assignments, as those see them who ask for them."""

    def __init__(self, db: Database, jobs: JobService, units: UnitService) -> None:
        self.db = db
        self.jobs = jobs
        self.units = units

    async def TX_start(self, input: StartAssignmentExportInput, actor: Actor) -> Job:
        """Make a job that writes a file; `NotFoundError` for a unit that is not there.

        `ForbiddenError` for who may not see people, whose addresses are in it.
        """
        check_may_read_users(actor)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            if input.below is not None:
                found(await self.units.get_unit_by_id(actor.tenant_id, input.below, tx))
            return await self.jobs.start_export(
                KIND, input, AssignmentExportResult(), AssignmentExportRequested, actor, tx
            )
