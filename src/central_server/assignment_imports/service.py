from central.assignment_imports.events import AssignmentImportRequested
from central.assignment_imports.models import StartAssignmentImportInput
from central.jobs.models import AssignmentImportResult, Job
from central_server.infra.actor import Actor
from central_server.jobs.intake import RowIntake
from central_server.users.policy import check_may_read_users


class AssignmentImportService(RowIntake):
    """Imports of assignments, as those see them who ask for them."""

    kind = "assignment_import"
    requested = AssignmentImportRequested

    async def TX_start(self, input: StartAssignmentImportInput, actor: Actor) -> Job:
        """Make a job that waits for its rows; `ForbiddenError` for who may not see people, whom it tells of."""
        check_may_read_users(actor)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.make(input, AssignmentImportResult(dry_run=input.dry_run), actor, tx)
