from temporalio import workflow

from central_server.assignment_imports.activities.import_assignments import ImportAssignmentsActivity
from central_server.assignment_imports.specs import IMPORT_ASSIGNMENTS
from central_server.jobs.activities.calling import run_job
from central_server.jobs.specs import RunJobInput, RunJobOutput


@workflow.defn(name=IMPORT_ASSIGNMENTS.name)
class ImportAssignmentsWorkflow:
    """Imports assignments, through crashes of workers; a job that is not finished is ended all the same."""

    @workflow.run
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it, or end the job as cancelled or failed."""
        return await run_job(ImportAssignmentsActivity.run, input)
