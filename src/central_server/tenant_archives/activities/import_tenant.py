from temporalio import activity

from central_server.infra.temporal.beats import beating
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.tenant_archives.importing import TenantImporter


class ImportTenantActivity:
    """Makes a tenant of an archive, or does what an attempt before has left of it."""

    def __init__(self, work: TenantImporter) -> None:
        self._work = work

    @activity.defn(name="tenants.import")
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it."""
        async with beating():
            return RunJobOutput(state=await self._work.run(input.tenant_id, input.job_id))
