from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from central.errors import CentralError

_log = structlog.get_logger(__name__)


class ActivityReports(Interceptor):
    """Says in each log line of an activity which one it is, and keeps the words of errors out of histories.

    What was wrong in detail, which may name a person, goes to the log; the history gets the error's type and code.
    """

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap an activity."""
        return _ReportingActivity(next)


class _ReportingActivity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        names = {
            "workflow": info.workflow_type,
            "workflow_id": info.workflow_id,
            "activity": info.activity_type,
            "attempt": info.attempt,
        }
        with structlog.contextvars.bound_contextvars(**names):
            try:
                return await self.next.execute_activity(input)
            except Exception as error:  # noqa: BLE001 (raised again, without its words)
                expected = isinstance(error, CentralError | FailureError)
                _log.warning("activity failed", error=type(error).__name__, exc_info=None if expected else error)
                raise _wordless(error) from None


def _wordless(error: Exception) -> Exception:
    """Give the error as histories may keep it; its type stays, by which retry policies know it."""
    if isinstance(error, FailureError):
        return error
    message = error.code if isinstance(error, CentralError) else "see the worker's log"
    return ApplicationError(message, type=type(error).__name__)
