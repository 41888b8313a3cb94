from temporalio import activity

from central_server.infra.temporal.beats import beating
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.unit_exports.exporting import UnitExporter


class ExportUnitsActivity:
    """Does an export of units; an attempt after another begins the file anew."""

    def __init__(self, exporter: UnitExporter) -> None:
        self._exporter = exporter

    @activity.defn(name="units.export")
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it."""
        async with beating():
            return RunJobOutput(state=await self._exporter.run(input.tenant_id, input.job_id))
