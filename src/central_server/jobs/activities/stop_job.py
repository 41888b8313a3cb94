from temporalio import activity

from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.jobs.runs import JobRuns
from central_server.jobs.specs import StopJobInput, StopJobOutput, run_event_of


class StopJobActivity:
    """Cancels the workflow of a job that is to stop: one that waits for its next attempt stops, too."""

    def __init__(self, dispatcher: TemporalDispatcher, runs: JobRuns) -> None:
        self._dispatcher = dispatcher
        self._runs = runs

    @activity.defn(name="jobs.stop")
    async def stop(self, input: StopJobInput) -> StopJobOutput:
        """Cancel it; one that is over already stays so."""
        cancelled = await self._dispatcher.cancel(str(run_event_of(input.job_id)))
        await self._runs.TX_settle(input.tenant_id, input.event_id)
        return StopJobOutput(cancelled=cancelled)
