from temporalio import activity

from central_server.event_exports.exporting import EventExporter
from central_server.jobs.activities.beating import beating
from central_server.jobs.specs import RunJobInput, RunJobOutput


class ExportEventsActivity:
    """Does an export of events; an attempt after another begins the file anew."""

    def __init__(self, exporter: EventExporter) -> None:
        self._exporter = exporter

    @activity.defn(name="events.export")
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it."""
        async with beating():
            return RunJobOutput(state=await self._exporter.run(input.tenant_id, input.job_id))
