from temporalio import workflow

from central_server.event_exports.activities.export_events import ExportEventsActivity
from central_server.event_exports.specs import EXPORT_EVENTS
from central_server.jobs.activities.calling import run_job
from central_server.jobs.specs import RunJobInput, RunJobOutput


@workflow.defn(name=EXPORT_EVENTS.name)
class ExportEventsWorkflow:
    """Exports events, through crashes of workers; a job that is not finished is ended all the same."""

    @workflow.run
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it, or end the job as cancelled or failed."""
        return await run_job(ExportEventsActivity.run, input)
