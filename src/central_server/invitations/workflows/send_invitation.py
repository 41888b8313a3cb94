from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.invitations.activities.send_invitation import SendInvitationActivity
from central_server.invitations.specs import SEND_INVITATION, SendInvitationInput, SendInvitationOutput

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(minutes=10),
    maximum_attempts=200,
    non_retryable_error_types=["TypeError", "UndefinedError", "ValidationError", "VaultError"],
)


@workflow.defn(name=SEND_INVITATION.name)
class SendInvitationWorkflow:
    """Mails an invitation, and tries for a day."""

    @workflow.run
    async def run(self, input: SendInvitationInput) -> SendInvitationOutput:
        """Mail the invitation."""
        return await workflow.execute_activity_method(
            SendInvitationActivity.send,
            input,
            start_to_close_timeout=timedelta(minutes=1),
            schedule_to_close_timeout=timedelta(days=1),
            retry_policy=_RETRIES,
        )
