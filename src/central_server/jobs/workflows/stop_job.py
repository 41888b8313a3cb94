from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.jobs.activities.stop_job import StopJobActivity
from central_server.jobs.specs import STOP_JOB, StopJobInput, StopJobOutput

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=30,
    non_retryable_error_types=["TypeError", "ValidationError"],
)


@workflow.defn(name=STOP_JOB.name)
class StopJobWorkflow:
    """Cancels the workflow of a job that is to stop."""

    @workflow.run
    async def run(self, input: StopJobInput) -> StopJobOutput:
        """Cancel it."""
        return await workflow.execute_activity_method(
            StopJobActivity.stop,
            input,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=_RETRIES,
        )
