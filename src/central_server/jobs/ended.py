from datetime import timedelta
from typing import Final

from central_server.infra.config import Settings
from central_server.infra.db import Database
from central_server.jobs.queries import DELETE_ENDED_JOBS, DELETE_UNRUN_JOBS

_UNRUN_KEPT: Final = timedelta(days=7)


class EndedJobs:
    """Jobs that ended longer ago than they are to be kept, and those that were never run."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self.db = db
        self.kept = settings.ended_jobs_kept

    async def TX_delete_ended(self, count: int) -> int:
        """Delete up to so many of all tenants, but for those whose files are still there; gives how many."""
        async with self.db.platform_write("ended jobs go", routine=True) as tx:
            return await tx.execute(DELETE_ENDED_JOBS, count=count, kept_seconds=int(self.kept.total_seconds()))

    async def TX_delete_unrun(self, count: int) -> int:
        """Delete up to so many of all tenants that got no row for a week and were not run; gives how many."""
        async with self.db.platform_write("jobs that were never run go", routine=True) as tx:
            return await tx.execute(DELETE_UNRUN_JOBS, count=count, kept_seconds=int(_UNRUN_KEPT.total_seconds()))
