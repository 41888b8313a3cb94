from temporalio import activity

from central_server.jobs.activities.beating import beating
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.user_imports.importing import UserImporter


class ImportUsersActivity:
    """Does an import of users, or what an attempt before has left of it."""

    def __init__(self, importer: UserImporter) -> None:
        self._importer = importer

    @activity.defn(name="users.import")
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it."""
        async with beating():
            return RunJobOutput(state=await self._importer.run(input.tenant_id, input.job_id))
