from temporalio import workflow

from central_server.jobs.activities.calling import run_job
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.user_exports.activities.export_users import ExportUsersActivity
from central_server.user_exports.specs import EXPORT_USERS


@workflow.defn(name=EXPORT_USERS.name)
class ExportUsersWorkflow:
    """Exports users, through crashes of workers; a job that is not finished is ended all the same."""

    @workflow.run
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it, or end the job as cancelled or failed."""
        return await run_job(ExportUsersActivity.run, input)
