from temporalio import activity

from central_server.jobs.runs import JobRuns
from central_server.jobs.specs import RunJobInput, RunJobOutput


class GiveUpJobActivity:
    """Ends a job whose work was cancelled, or failed too often."""

    def __init__(self, runs: JobRuns) -> None:
        self._runs = runs

    @activity.defn(name="jobs.give_up")
    async def give_up(self, input: RunJobInput) -> RunJobOutput:
        """End it as what it is: cancelled or failed. One that has ended stays as it is."""
        return RunJobOutput(state=await self._runs.TX_give_up(input.tenant_id, input.job_id))
