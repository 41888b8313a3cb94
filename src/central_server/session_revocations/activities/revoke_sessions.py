from temporalio import activity

from central_server.jobs.activities.beating import beating
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.session_revocations.revoking import SessionRevoker


class RevokeSessionsActivity:
    """Does a mass revocation of sessions, or what an attempt before has left of it."""

    def __init__(self, revoker: SessionRevoker) -> None:
        self._revoker = revoker

    @activity.defn(name="sessions.revoke")
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it."""
        async with beating():
            return RunJobOutput(state=await self._revoker.run(input.tenant_id, input.job_id))
