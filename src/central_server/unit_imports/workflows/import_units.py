from temporalio import workflow

from central_server.jobs.activities.calling import run_job
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.unit_imports.activities.import_units import ImportUnitsActivity
from central_server.unit_imports.specs import IMPORT_UNITS


@workflow.defn(name=IMPORT_UNITS.name)
class ImportUnitsWorkflow:
    """Imports units, through crashes of workers; a job that is not finished is ended all the same."""

    @workflow.run
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it, or end the job as cancelled or failed."""
        return await run_job(ImportUnitsActivity.run, input)
