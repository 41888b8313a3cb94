"""Who may see and change which job, and when it is over."""

from typing import Final

from central.errors import BadRequestError, ConflictError, ForbiddenError, NotFoundError
from central.jobs.models import PERMISSIONS_OF_FILE
from central_server.infra.actor import Actor
from central_server.infra.paging import Position
from central_server.jobs.tables import DBChunkCount, DBJob

ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})
_MOST_INTEGER = 2**31 - 1


def may_see_all(actor: Actor) -> bool:
    """Whether the actor sees the jobs of others."""
    return "jobs:read" in actor.permissions


def check_may_see(row: DBJob | None, actor: Actor) -> DBJob:
    """Give the job; `NotFoundError` for none, and for one of others that the actor may not see."""
    if row is None or not (row["started_by"] == actor.user_id or may_see_all(actor)):
        raise NotFoundError.of("job")
    return row


def check_may_cancel(row: DBJob | None, actor: Actor) -> DBJob:
    """As `check_may_see`, to cancel it; `ForbiddenError` for who may only see it."""
    if row is not None and "jobs:write" in actor.permissions:
        return row
    seen = check_may_see(row, actor)
    if seen["started_by"] != actor.user_id:
        raise ForbiddenError("Cancelling the jobs of others needs jobs:write.", code="permission_missing")
    return seen


def check_may_download(row: DBJob | None, actor: Actor) -> DBJob:
    """As `check_may_see`, to have what is in its file; `NotFoundError` when it has none, or none any more."""
    seen = check_may_see(row, actor)
    needed = PERMISSIONS_OF_FILE.get(seen["kind"])
    if needed is None or not seen["has_file"]:
        raise NotFoundError.of("job file")
    for permission in needed:
        if permission not in actor.permissions:
            raise ForbiddenError(f"What is in this file takes the permission {permission}.", code="permission_missing")
    return seen


def check_own(row: DBJob | None, actor: Actor, kind: str) -> DBJob:
    """Give a job of this kind that the actor has started; `NotFoundError` for any other.

    A job works with what its starter may do, so that nobody else says on what.
    """
    if row is None or row["started_by"] != actor.user_id or row["kind"] != kind:
        raise NotFoundError.of("job")
    return row


def check_receiving(row: DBJob) -> None:
    """Refuse to change a job that has left its callers' hands."""
    if row["state"] != "receiving":
        raise ConflictError(f"This job takes no more: it is {row['state']}.", code="job_not_receiving")


def check_complete(count: DBChunkCount) -> None:
    """Refuse to run a job without rows, or with a chunk missing among the others."""
    if not count["chunks"]:
        raise ConflictError("This job has no rows yet.", code="no_rows")
    if count["last"] != count["chunks"] - 1:
        raise ConflictError("A chunk is missing: they are numbered from 0, without gaps.", code="chunk_missing")


def error_position(position: Position | None) -> tuple[int, int]:
    """Read where a page of row errors ended; `BadRequestError` for what is no such place."""
    if position is None:
        return 0, 0
    row, _, place = position.key.partition(".")
    if all(
        part.isascii() and part.isdigit() and len(part) <= 10 and int(part) <= _MOST_INTEGER for part in (row, place)
    ):
        return int(row), int(place)
    raise BadRequestError("The cursor cannot be read; start at the first page.", code="malformed_cursor")
