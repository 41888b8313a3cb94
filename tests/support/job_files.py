"""Jobs with files, without Temporal and whatever their kind does: what a worker would do is done at once."""

from collections.abc import AsyncIterable, AsyncIterator
from datetime import timedelta

from central.jobs.models import Job
from central.kernel.ids import JobId, UserId
from central_server.jobs.files import JobFiles
from central_server.jobs.runs import JobRuns, Outcome, Run
from support.database import superuser
from support.place import Place

_INSERT = (
    "INSERT INTO jobs (tenant_id, id, kind, state, options, started_by, stage) VALUES ($1, $2, $3, 'queued', '{}', $4,"
    " 'queued')"
)


async def begun(place: Place, kind: str = "user_export", by: UserId | None = None) -> Run:
    """Make a job that a worker has just begun."""
    job = JobId.new()
    async with superuser(place.stack) as connection:
        starter = (by or place.owner_user.id).uuid
        await connection.execute(_INSERT, place.tenant.id.uuid, job.uuid, kind, starter)
    run = await (await place.stack.central.container.get(JobRuns)).TX_begin(place.tenant.id, job, "exporting")
    assert run is not None
    return run


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """Give content piece by piece."""
    for part in parts:
        yield part


async def with_file(
    place: Place,
    content: bytes | AsyncIterable[bytes],
    *,
    kind: str = "user_export",
    by: UserId | None = None,
    run: Run | None = None,
) -> Job:
    """Make a job that gave a file."""
    run = run or await begun(place, kind, by)
    container = place.stack.central.container
    given = pieces(content) if isinstance(content, bytes) else content
    file = await (await container.get(JobFiles)).TX_write(run, "users.csv", "text/csv; charset=utf-8", given)
    result = {"kind": kind, "exported": 1}
    await (await container.get(JobRuns)).TX_end(run, Outcome(result, file=file))
    return await place.owner.jobs.get(job=run.id)


async def age_file(place: Place, job: Job, by: timedelta) -> None:
    """Let a job's file expire so much earlier."""
    async with superuser(place.stack) as connection:
        change = "UPDATE jobs SET file_expires_at = file_expires_at - $3::interval WHERE tenant_id = $1 AND id = $2"
        await connection.execute(change, place.tenant.id.uuid, job.id.uuid, by)
