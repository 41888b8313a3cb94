from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.infra.outbox.activities.hand_over import HandOverActivity
from central_server.infra.outbox.specs import HAND_OVER, HandOverInput, HandOverOutput

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(seconds=30),
    maximum_attempts=20,
    non_retryable_error_types=["TypeError", "ValidationError"],
)


@workflow.defn(name=HAND_OVER.name)
class HandOverWorkflow:
    """Hands a batch of events to a listener, through crashes of workers.

    An event that fails is set aside by the activity, and comes again in a later batch.
    """

    @workflow.run
    async def run(self, input: HandOverInput) -> HandOverOutput:
        """Hand them over."""
        return await workflow.execute_activity_method(
            HandOverActivity.hand_over,
            input,
            start_to_close_timeout=timedelta(minutes=30),
            heartbeat_timeout=timedelta(seconds=15),
            retry_policy=_RETRIES,
        )
