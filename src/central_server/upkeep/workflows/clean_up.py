from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from central_server.auth.activities.delete_ended_sign_ins import DeleteEndedSignInsActivity
from central_server.auth_connectors.activities.delete_ended_tests import DeleteEndedTestsActivity
from central_server.events.activities.delete_old_events import DeleteOldEventsActivity
from central_server.images.activities.delete_staged_files import DeleteStagedFilesActivity
from central_server.infra.http.activities.delete_answers import DeleteAnswersActivity
from central_server.infra.outbox.activities.delete_receipts import DeleteReceiptsActivity
from central_server.jobs.activities.delete_ended_jobs import DeleteEndedJobsActivity
from central_server.sessions.activities.delete_ended_sessions import DeleteEndedSessionsActivity
from central_server.tenant_archives.activities.delete_import_leftovers import DeleteImportLeftoversActivity
from central_server.tool_sign_ins.activities.delete_ended_tool_sign_ins import DeleteEndedToolSignInsActivity
from central_server.upkeep.specs import CLEAN_UP, CleanUpInput, CleanUpOutput, DeleteEndedInput, DeleteEndedOutput
from central_server.users.activities.delete_ended_verifications import DeleteEndedVerificationsActivity
from central_server.webhooks.activities.delete_ended_deliveries import DeleteEndedDeliveriesActivity

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    maximum_interval=timedelta(minutes=1),
    maximum_attempts=5,
    non_retryable_error_types=["TypeError", "ValidationError"],
)
_MOST_ROUNDS: Final = 200
"""What is left after ten million rows of a kind waits for the next run, so that no history grows without end."""

_STEPS: Final[dict[str, Callable[[Any, DeleteEndedInput], Awaitable[DeleteEndedOutput]]]] = {
    "login_transactions": DeleteEndedSignInsActivity.delete_login_transactions,
    "email_codes": DeleteEndedSignInsActivity.delete_email_codes,
    "email_verifications": DeleteEndedVerificationsActivity.delete,
    "tool_sign_ins": DeleteEndedToolSignInsActivity.delete,
    "connector_tests": DeleteEndedTestsActivity.delete,
    "idempotency_keys": DeleteAnswersActivity.delete,
    "event_receipts": DeleteReceiptsActivity.delete,
    "sessions": DeleteEndedSessionsActivity.delete,
    "webhook_deliveries": DeleteEndedDeliveriesActivity.delete,
    "job_files": DeleteEndedJobsActivity.delete_files,
    "jobs": DeleteEndedJobsActivity.delete_ended,
    "jobs_never_run": DeleteEndedJobsActivity.delete_unrun,
    "old_events": DeleteOldEventsActivity.delete,
    "sent_files": DeleteStagedFilesActivity.delete,
    "import_leftovers": DeleteImportLeftoversActivity.delete,
}


@workflow.defn(name=CLEAN_UP.name)
class CleanUpWorkflow:
    """Has each domain delete its own rows that have long ended."""

    @workflow.run
    async def run(self, input: CleanUpInput) -> CleanUpOutput:  # noqa: ARG002 (a workflow takes one input)
        """Do one kind after the other; one that fails keeps no other from its turn, and fails the run in the end."""
        deleted: dict[str, int] = {}
        for name in _STEPS:
            try:
                deleted[name] = await self._delete(name)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                workflow.logger.warning("not cleaned up: %s", name)
        if failed := sorted(_STEPS.keys() - deleted.keys()):
            message = f"not cleaned up: {', '.join(failed)}"
            raise ApplicationError(message, type="CleanUpFailed", non_retryable=True)
        return CleanUpOutput(deleted=deleted)

    async def _delete(self, name: str) -> int:
        done = DeleteEndedOutput(deleted=0, is_last=False)
        for _ in range(_MOST_ROUNDS):
            done = await workflow.execute_activity_method(
                _STEPS[name],
                DeleteEndedInput(deleted=done.deleted),
                start_to_close_timeout=timedelta(minutes=5),
                heartbeat_timeout=timedelta(seconds=30),
                retry_policy=_RETRIES,
            )
            if done.is_last:
                break
        return done.deleted
