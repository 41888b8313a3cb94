from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.users.activities.send_email_change_notice import SendEmailChangeNoticeActivity
from central_server.users.specs import (
    SEND_EMAIL_CHANGE_NOTICE,
    SendEmailChangeNoticeInput,
    SendEmailChangeNoticeOutput,
)

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(minutes=10),
    maximum_attempts=500,
    non_retryable_error_types=["TypeError", "UndefinedError", "ValidationError"],
)


@workflow.defn(name=SEND_EMAIL_CHANGE_NOTICE.name)
class SendEmailChangeNoticeWorkflow:
    """Mails the notice of a changed address, and tries for three days: a weekend without a mail server loses none."""

    @workflow.run
    async def run(self, input: SendEmailChangeNoticeInput) -> SendEmailChangeNoticeOutput:
        """Mail the notice."""
        return await workflow.execute_activity_method(
            SendEmailChangeNoticeActivity.send,
            input,
            start_to_close_timeout=timedelta(minutes=1),
            schedule_to_close_timeout=timedelta(days=3),
            retry_policy=_RETRIES,
        )
