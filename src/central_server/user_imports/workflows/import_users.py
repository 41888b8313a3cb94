from temporalio import workflow

from central_server.jobs.activities.calling import run_job
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.user_imports.activities.import_users import ImportUsersActivity
from central_server.user_imports.specs import IMPORT_USERS


@workflow.defn(name=IMPORT_USERS.name)
class ImportUsersWorkflow:
    """Imports users, through crashes of workers; a job that is not finished is ended all the same."""

    @workflow.run
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it, or end the job as cancelled or failed."""
        return await run_job(ImportUsersActivity.run, input)
