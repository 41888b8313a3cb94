from temporalio import workflow

from central_server.jobs.activities.calling import run_job
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.unit_exports.activities.export_units import ExportUnitsActivity
from central_server.unit_exports.specs import EXPORT_UNITS


@workflow.defn(name=EXPORT_UNITS.name)
class ExportUnitsWorkflow:
    """Exports units, through crashes of workers; a job that is not finished is ended all the same."""

    @workflow.run
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it, or end the job as cancelled or failed."""
        return await run_job(ExportUnitsActivity.run, input)
