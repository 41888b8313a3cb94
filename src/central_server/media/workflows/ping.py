from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.media.activities.ping import PingActivity
from central_server.media.specs import PING, PingInput, PingOutput


@workflow.defn(name=PING.name)
class PingWorkflow:
    """Goes once through the media queue and back."""

    @workflow.run
    async def run(self, input: PingInput) -> PingOutput:
        """Ask the media worker."""
        return await workflow.execute_activity_method(
            PingActivity.ping,
            input,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(maximum_attempts=3, non_retryable_error_types=["ValidationError"]),
        )
