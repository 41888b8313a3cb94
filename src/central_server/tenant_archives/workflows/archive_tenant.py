from temporalio import workflow

from central_server.jobs.activities.calling import run_job
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.tenant_archives.activities.archive_tenant import ArchiveTenantActivity
from central_server.tenant_archives.specs import ARCHIVE_TENANT


@workflow.defn(name=ARCHIVE_TENANT.name)
class ArchiveTenantWorkflow:
    """Writes the archive of a tenant, through crashes of workers; a job that is not finished is ended all the same."""

    @workflow.run
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it, or end the job as cancelled or failed."""
        return await run_job(ArchiveTenantActivity.run, input)
