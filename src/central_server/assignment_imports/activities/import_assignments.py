from temporalio import activity

from central_server.assignment_imports.importing import AssignmentImporter
from central_server.infra.temporal.beats import beating
from central_server.jobs.specs import RunJobInput, RunJobOutput


class ImportAssignmentsActivity:
    """Does an import of assignments, or what an attempt before has left of it."""

    def __init__(self, importer: AssignmentImporter) -> None:
        self._importer = importer

    @activity.defn(name="units.import_assignments")
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it."""
        async with beating():
            return RunJobOutput(state=await self._importer.run(input.tenant_id, input.job_id))
