from temporalio import workflow

from central_server.assignment_exports.activities.export_assignments import ExportAssignmentsActivity
from central_server.assignment_exports.specs import EXPORT_ASSIGNMENTS
from central_server.jobs.activities.calling import run_job
from central_server.jobs.specs import RunJobInput, RunJobOutput


@workflow.defn(name=EXPORT_ASSIGNMENTS.name)
class ExportAssignmentsWorkflow:
    """Exports assignments, through crashes of workers; a job that is not finished is ended all the same."""

    @workflow.run
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it, or end the job as cancelled or failed."""
        return await run_job(ExportAssignmentsActivity.run, input)
