from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from central_server.jobs.activities.give_up_job import GiveUpJobActivity
from central_server.jobs.specs import RunJobInput, RunJobOutput

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=60,
    non_retryable_error_types=["TypeError", "ValidationError"],
)
_ENDING = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1), maximum_attempts=60)


async def run_job(do: Callable[[Any, RunJobInput], Awaitable[RunJobOutput]], input: RunJobInput) -> RunJobOutput:
    """Have a job done by an activity, through crashes of workers, or end it as cancelled or failed."""
    try:
        return await workflow.execute_activity_method(
            do,
            input,
            start_to_close_timeout=timedelta(hours=12),
            schedule_to_close_timeout=timedelta(hours=24),
            heartbeat_timeout=timedelta(seconds=15),
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            retry_policy=_RETRIES,
        )
    except ActivityError:
        return await workflow.execute_activity_method(
            GiveUpJobActivity.give_up,
            input,
            start_to_close_timeout=timedelta(minutes=1),
            retry_policy=_ENDING,
        )
