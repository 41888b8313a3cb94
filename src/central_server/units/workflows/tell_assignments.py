from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.units.activities.tell_assignments import TellAssignmentsActivity
from central_server.units.specs import TELL_ASSIGNMENTS, TellAssignmentsInput, TellAssignmentsOutput

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=10,
    non_retryable_error_types=["TypeError", "ValidationError"],
)


@workflow.defn(name=TELL_ASSIGNMENTS.name)
class TellAssignmentsWorkflow:
    """Tells of all assignments whose moment has come, page after page."""

    @workflow.run
    async def run(self, input: TellAssignmentsInput) -> TellAssignmentsOutput:
        """Go on until no more are due."""
        while True:
            done = await workflow.execute_activity_method(
                TellAssignmentsActivity.tell,
                input,
                start_to_close_timeout=timedelta(minutes=10),
                heartbeat_timeout=timedelta(minutes=1),
                retry_policy=_RETRIES,
            )
            if done.is_last:
                return done
            input = TellAssignmentsInput(told=done.told)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(input)
