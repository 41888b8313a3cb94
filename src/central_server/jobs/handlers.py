from central.jobs.events import JobCancelRequested
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.jobs.specs import run_event_of


class StopJob:
    """Cancels the workflow of a job that is to stop: one that waits for its next attempt stops, too."""

    def __init__(self, dispatcher: TemporalDispatcher) -> None:
        self._dispatcher = dispatcher

    async def handle(self, event: JobCancelRequested) -> None:
        """Cancel it; one that is over already stays so."""
        await self._dispatcher.cancel(str(run_event_of(event.job_id)))
