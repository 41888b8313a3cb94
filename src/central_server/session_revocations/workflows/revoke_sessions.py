from temporalio import workflow

from central_server.jobs.activities.calling import run_job
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.session_revocations.activities.revoke_sessions import RevokeSessionsActivity
from central_server.session_revocations.specs import REVOKE_SESSIONS


@workflow.defn(name=REVOKE_SESSIONS.name)
class RevokeSessionsWorkflow:
    """Ends many sessions, through crashes of workers; a job that is not finished is ended all the same."""

    @workflow.run
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it, or end the job as cancelled or failed."""
        return await run_job(RevokeSessionsActivity.run, input)
