from temporalio import activity

from central_server.infra.temporal.beats import beating
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.unit_imports.importing import UnitImporter


class ImportUnitsActivity:
    """Does an import of units, or what an attempt before has left of it."""

    def __init__(self, importer: UnitImporter) -> None:
        self._importer = importer

    @activity.defn(name="units.import")
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it."""
        async with beating():
            return RunJobOutput(state=await self._importer.run(input.tenant_id, input.job_id))
