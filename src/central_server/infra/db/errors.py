"""What PostgreSQL's errors mean to callers: one new error of the tree for each."""

from collections.abc import Callable

from asyncpg.exceptions import (
    CannotConnectNowError,
    CharacterNotInRepertoireError,
    DataError,
    DeadlockDetectedError,
    InsufficientResourcesError,
    IntegrityConstraintViolationError,
    InterfaceError,
    InvalidCachedStatementError,
    LockNotAvailableError,
    OperatorInterventionError,
    PostgresConnectionError,
    QueryCanceledError,
    SerializationError,
    UntranslatableCharacterError,
)
from pydantic_core import PydanticSerializationError

from central.errors import BadRequestError, CentralError, ConflictError, UnavailableError

_UNWRITABLE = (UnicodeError, PydanticSerializationError)
_conflicts: dict[str, Callable[[], CentralError]] = {}


def register_conflict(constraint: str, make: Callable[[], CentralError]) -> None:
    """Say what the violation of a constraint means; `make` gives a new error each time.

    Domains call this beside their tables; a name that is taken is a `ValueError`, at import.
    """
    if constraint in _conflicts:
        raise ValueError(f"constraint {constraint!r} is registered already")
    _conflicts[constraint] = make


def translate(error: Exception) -> Exception:
    """Give the error to raise for what asyncpg raised: one of the tree, or the same one if it is our fault.

    Constraints (class 23) are conflicts; a server that is away, stopping, full or too slow is unavailable, and
    so is a statement that lost a lock, a deadlock or a serialization race: trying again helps. Text that
    PostgreSQL cannot store (NUL, lone surrogates) is a bad request.
    """
    for kinds, make in _MEANINGS:
        if isinstance(error, kinds):
            return make(error)
    return error


def _conflict(error: Exception) -> CentralError:
    make = _conflicts.get(getattr(error, "constraint_name", None) or "")
    return ConflictError("This is in conflict with what is stored.") if make is None else make()


def _unreadable(_: Exception) -> CentralError:
    return BadRequestError("The text holds characters that cannot be stored.", code="text_not_storable")


def _unavailable(code: str, message: str) -> Callable[[Exception], CentralError]:
    return lambda _: UnavailableError(message, code=code, retry_after=1)


def _argument(error: Exception) -> Exception:
    """Tell text that is no Unicode, which asyncpg refuses to send, from a bug."""
    return _unreadable(error) if isinstance(error.__cause__, _UNWRITABLE) else error


def _interface(error: Exception) -> Exception:
    """Tell a lost connection from a wrong use of one."""
    return _away(error) if "clos" in str(error) else error


_away = _unavailable("database_unavailable", "The database cannot be reached.")
_slow = _unavailable("database_timeout", "The database took too long.")
_contended = _unavailable("try_again", "Somebody else is changing the same; try again.")
_changed = _unavailable("database_unavailable", "The database is being upgraded; try again.")

# The first match counts: subclasses come before their base.
_MEANINGS: tuple[tuple[tuple[type[Exception], ...], Callable[[Exception], Exception]], ...] = (
    ((IntegrityConstraintViolationError,), _conflict),
    ((CharacterNotInRepertoireError, UntranslatableCharacterError), _unreadable),
    ((DataError,), _argument),
    ((QueryCanceledError,), _slow),
    ((LockNotAvailableError, DeadlockDetectedError, SerializationError), _contended),
    ((InvalidCachedStatementError,), _changed),
    ((PostgresConnectionError, OperatorInterventionError, CannotConnectNowError, InsufficientResourcesError), _away),
    ((OSError, TimeoutError), _away),
    ((InterfaceError,), _interface),
)
