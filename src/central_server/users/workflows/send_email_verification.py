from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.users.activities.send_email_verification import SendEmailVerificationActivity
from central_server.users.specs import (
    SEND_EMAIL_VERIFICATION,
    SendEmailVerificationInput,
    SendEmailVerificationOutput,
)

_CODE_LIFETIME = timedelta(minutes=10)
_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=30),
    maximum_attempts=30,
    non_retryable_error_types=["TypeError", "UndefinedError", "ValidationError"],
)


@workflow.defn(name=SEND_EMAIL_VERIFICATION.name)
class SendEmailVerificationWorkflow:
    """Mails a verification its code, and tries for as long as the code is worth anything."""

    @workflow.run
    async def run(self, input: SendEmailVerificationInput) -> SendEmailVerificationOutput:
        """Mail the code."""
        return await workflow.execute_activity_method(
            SendEmailVerificationActivity.send,
            input,
            start_to_close_timeout=timedelta(minutes=1),
            schedule_to_close_timeout=_CODE_LIFETIME,
            retry_policy=_RETRIES,
        )
