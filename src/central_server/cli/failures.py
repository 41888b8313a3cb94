"""What becomes of errors: one clear line and an exit status, never a traceback for what a person can mend."""

# ruff: noqa: PLC0415  (the error classes are imported when there is an error)

from typing import NamedTuple

_DRIVERS = {"asyncpg", "sqlalchemy", "alembic"}


class CommandError(Exception):
    """A command cannot do what it was asked; the message says why and what to do, `status` is the exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


class Failure(NamedTuple):
    """How a command ends that failed."""

    line: str
    status: int


def explain(error: Exception) -> Failure | None:
    """Give the line and the exit status for an error: 2 for wrong settings, else 1; None for a bug of ours."""
    from central.errors import CentralError, UnavailableError
    from central_server.infra.config import SettingsError
    from central_server.infra.embedded.errors import EmbeddedError

    if isinstance(error, SettingsError):
        return Failure(_line(error), 2)
    if isinstance(error, CommandError):
        return Failure(_line(error), error.status)
    if isinstance(error, UnavailableError):
        return Failure(_with_cause(error), 1)
    if isinstance(error, CentralError):
        fields = [f"{field.field}: {field.message}" for field in error.field_errors]
        return Failure("; ".join(fields) or error.message, 1)
    if isinstance(error, EmbeddedError):
        return Failure(str(error), 1)
    return _of_systems(error)


def _of_systems(error: Exception) -> Failure | None:
    """Explain what the operating system or the database's driver says."""
    if isinstance(error, TimeoutError):
        return Failure("The database does not answer in time; see CENTRAL_DATABASE_URL.", 1)
    if isinstance(error, OSError):
        return Failure(error.strerror or _line(error), 1)
    if type(error).__module__.partition(".")[0] in _DRIVERS:
        return Failure(f"The database refuses: {_line(error)}", 1)
    return None


def _with_cause(error: Exception) -> str:
    cause = error.__cause__
    reason = "" if cause is None else f" ({_line(cause) or type(cause).__name__})"
    return f"{_line(error)}{reason}"


def _line(error: BaseException) -> str:
    return "; ".join(part.strip() for part in str(error).splitlines() if part.strip())
