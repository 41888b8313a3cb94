from central.jobs.models import Job, UserImportResult
from central.user_imports.events import UserImportRequested
from central.user_imports.models import StartUserImportInput
from central_server.infra.actor import Actor
from central_server.infra.db import Database
from central_server.infra.outbox import Outbox
from central_server.jobs.intake import RowIntake
from central_server.jobs.service import JobService
from central_server.users.guard import UserGuard


class UserImportService(RowIntake):
    """Imports of users, as those see them who ask for them."""

    kind = "user_import"
    requested = UserImportRequested

    def __init__(self, db: Database, outbox: Outbox, jobs: JobService, guard: UserGuard) -> None:
        super().__init__(db, outbox, jobs)
        self.guard = guard

    async def TX_start(self, input: StartUserImportInput, actor: Actor) -> Job:
        """Make a job that waits for its rows; `ForbiddenError` for roles beyond what the actor holds already now."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self.guard.check_may_grant(actor, input.roles, tx)
            return await self.make(input, UserImportResult(dry_run=input.dry_run), actor, tx)
