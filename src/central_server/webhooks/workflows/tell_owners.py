from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.webhooks.activities.tell_owners import TellOwnersActivity
from central_server.webhooks.specs import TELL_OWNERS, TellOwnersInput, TellOwnersOutput

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(minutes=10),
    maximum_attempts=500,
    non_retryable_error_types=["TypeError", "UndefinedError", "ValidationError"],
)


@workflow.defn(name=TELL_OWNERS.name)
class TellOwnersWorkflow:
    """Mails a tenant's owners that an endpoint was disabled, and tries for three days."""

    @workflow.run
    async def run(self, input: TellOwnersInput) -> TellOwnersOutput:
        """Mail them."""
        return await workflow.execute_activity_method(
            TellOwnersActivity.tell,
            input,
            start_to_close_timeout=timedelta(minutes=5),
            schedule_to_close_timeout=timedelta(days=3),
            retry_policy=_RETRIES,
        )
