from typing import Final

from central.jobs.models import Job, JobKind, UserExportResult
from central.user_exports.events import UserExportRequested
from central.user_exports.models import StartUserExportInput
from central_server.infra.actor import Actor
from central_server.infra.db import Database
from central_server.jobs.service import JobService
from central_server.users.directory import check_filters

KIND: Final[JobKind] = "user_export"


class UserExportService:
    """Exports of users, as those see them who ask for them."""

    def __init__(self, db: Database, jobs: JobService) -> None:
        self.db = db
        self.jobs = jobs

    async def TX_start(self, input: StartUserExportInput, actor: Actor) -> Job:
        """Make a job that writes a file; `ValidationFailedError` for filters that contradict themselves."""
        check_filters(input)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.jobs.start_export(KIND, input, UserExportResult(), UserExportRequested, actor, tx)
