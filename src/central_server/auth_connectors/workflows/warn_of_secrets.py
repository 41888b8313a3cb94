from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.auth_connectors.activities.warn_of_secrets import WarnOfSecretsActivity
from central_server.auth_connectors.specs import WARN_OF_SECRETS, WarnOfSecretsInput, WarnOfSecretsOutput

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=10,
    non_retryable_error_types=["TypeError", "ValidationError"],
)


@workflow.defn(name=WARN_OF_SECRETS.name)
class WarnOfSecretsWorkflow:
    """Tells of all client secrets that come to their end, page after page."""

    @workflow.run
    async def run(self, input: WarnOfSecretsInput) -> WarnOfSecretsOutput:
        """Go on until a page brings nothing new."""
        while True:
            done = await workflow.execute_activity_method(
                WarnOfSecretsActivity.warn,
                input,
                start_to_close_timeout=timedelta(minutes=10),
                heartbeat_timeout=timedelta(minutes=1),
                retry_policy=_RETRIES,
            )
            if done.is_last:
                return done
            input = WarnOfSecretsInput(warned=done.warned)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(input)
