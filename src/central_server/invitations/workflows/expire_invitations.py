from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.invitations.activities.expire_invitations import ExpireInvitationsActivity
from central_server.invitations.specs import EXPIRE_INVITATIONS, ExpireInvitationsInput, ExpireInvitationsOutput

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=10,
    non_retryable_error_types=["TypeError", "ValidationError"],
)


@workflow.defn(name=EXPIRE_INVITATIONS.name)
class ExpireInvitationsWorkflow:
    """Tells of all invitations that have run out, page after page."""

    @workflow.run
    async def run(self, input: ExpireInvitationsInput) -> ExpireInvitationsOutput:
        """Go on until no more are due."""
        while True:
            done = await workflow.execute_activity_method(
                ExpireInvitationsActivity.tell,
                input,
                start_to_close_timeout=timedelta(minutes=10),
                heartbeat_timeout=timedelta(minutes=1),
                retry_policy=_RETRIES,
            )
            if done.is_last:
                return done
            input = ExpireInvitationsInput(told=done.told)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(input)
