from temporalio import activity

from central_server.infra.temporal.beats import beating
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.user_imports.importing import UserImporter


class ImportUsersActivity:
    """Does an import of users, or what an attempt before has left of it."""

    def __init__(self, importer: UserImporter) -> None:
        self._importer = importer

    @activity.defn(name="users.import")
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it; where it stands is in the database, so that a beat says no more than that somebody is at it."""
        async with beating():
            return RunJobOutput(state=await self._importer.run(input.tenant_id, input.job_id))
