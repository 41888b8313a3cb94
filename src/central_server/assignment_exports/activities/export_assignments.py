from temporalio import activity

from central_server.assignment_exports.exporting import AssignmentExporter
from central_server.infra.temporal.beats import beating
from central_server.jobs.specs import RunJobInput, RunJobOutput


class ExportAssignmentsActivity:
    """Does an export of assignments; an attempt after another begins the file anew."""

    def __init__(self, exporter: AssignmentExporter) -> None:
        self._exporter = exporter

    @activity.defn(name="units.export_assignments")
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it."""
        async with beating():
            return RunJobOutput(state=await self._exporter.run(input.tenant_id, input.job_id))
