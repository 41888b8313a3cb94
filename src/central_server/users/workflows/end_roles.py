from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.users.activities.end_roles import EndRolesActivity
from central_server.users.specs import END_ROLES, EndRolesInput, EndRolesOutput

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=10,
    non_retryable_error_types=["TypeError", "ValidationError"],
)


@workflow.defn(name=END_ROLES.name)
class EndRolesWorkflow:
    """Tells of all roles whose time has come, page after page."""

    @workflow.run
    async def run(self, input: EndRolesInput) -> EndRolesOutput:
        """Go on until no more are due."""
        while True:
            done = await workflow.execute_activity_method(
                EndRolesActivity.tell,
                input,
                start_to_close_timeout=timedelta(minutes=10),
                heartbeat_timeout=timedelta(minutes=1),
                retry_policy=_RETRIES,
            )
            if done.is_last:
                return done
            input = EndRolesInput(told=done.told)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(input)
