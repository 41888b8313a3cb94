from temporalio import workflow

from central_server.jobs.activities.calling import run_job
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.tenant_archives.activities.import_tenant import ImportTenantActivity
from central_server.tenant_archives.specs import IMPORT_TENANT


@workflow.defn(name=IMPORT_TENANT.name)
class ImportTenantWorkflow:
    """Makes a tenant of an archive, through crashes of workers; a job that is not finished is ended all the same."""

    @workflow.run
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it, or end the job as cancelled or failed."""
        return await run_job(ImportTenantActivity.run, input)
