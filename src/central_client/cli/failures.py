"""What becomes of errors: one clear line and an exit status, never a traceback for what a person can mend."""

from typing import NamedTuple

from central.errors import (
    CentralError,
    ConnectionFailedError,
    UnauthenticatedError,
    UnavailableError,
    ValidationFailedError,
)
from central_client.cli.program import FAILED, MISUSED, NO_ANSWER, NOT_SIGNED_IN
from central_client.errors import SettingsError
from central_client.screens import plain


class Failure(NamedTuple):
    """How a command ends that failed."""

    line: str
    status: int


_STATUSES: tuple[tuple[type[CentralError], int], ...] = (
    (SettingsError, MISUSED),
    (ValidationFailedError, MISUSED),
    (UnauthenticatedError, NOT_SIGNED_IN),
    (ConnectionFailedError, NO_ANSWER),
    (UnavailableError, NO_ANSWER),
)


def explain(error: Exception) -> Failure | None:
    """Give the line and the exit status for an error; None for a bug of ours."""
    if isinstance(error, CentralError):
        status = next((status for kind, status in _STATUSES if isinstance(error, kind)), FAILED)
        return Failure(_line(error), status)
    if isinstance(error, OSError):
        return Failure(
            f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error), FAILED
        )
    return None


def _line(error: CentralError) -> str:
    fields = "; ".join(f"{field.field}: {field.message}" for field in error.field_errors)
    request = f" [request {error.request_id}]" if error.request_id else ""
    return plain(" ".join(f"{fields or error.message}{request}".split()))
