"""Errors that only a client can meet; all others are those of `central.errors`."""

from typing import TYPE_CHECKING, Any

from central.errors import CentralError

if TYPE_CHECKING:
    from central.jobs.models import Job


class SettingsError(CentralError):
    """What the client was given is missing or wrong: no base URL, an unsafe profile file, a malformed option."""

    status = 0
    default_code = "settings"
    title = "Wrong settings"


class UnreadableAnswerError(CentralError):
    """The server accepted the call, and this version of the client cannot read its answer."""

    status = 0
    default_code = "unreadable_answer"
    title = "Unreadable answer"


class JobFailedError(CentralError):
    """A job that was waited for has failed, or was cancelled; `job` is how it ended, `code` why."""

    status = 0
    default_code = "job_failed"
    title = "The job failed"

    def __init__(self, job: "Job") -> None:
        if job.state == "cancelled":
            super().__init__("The job was cancelled.", code="job_cancelled")
        else:
            error = job.error
            super().__init__(error.message if error else "The job failed.", code=error.code if error else None)
        self.job = job

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the job when the error crosses a process."""
        return type(self), (self.job,), self.__dict__


class WebhookVerificationError(CentralError):
    """What came is no webhook of the server's, or none of now; `code` says why. Do not act on it."""

    status = 0
    default_code = "webhook_not_verified"
    title = "The webhook is not to be trusted"
