from temporalio import activity

from central_server.jobs.activities.beating import beating
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.user_exports.exporting import UserExporter


class ExportUsersActivity:
    """Does an export of users; an attempt after another begins the file anew."""

    def __init__(self, exporter: UserExporter) -> None:
        self._exporter = exporter

    @activity.defn(name="users.export")
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it."""
        async with beating():
            return RunJobOutput(state=await self._exporter.run(input.tenant_id, input.job_id))
