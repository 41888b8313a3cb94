import asyncio

import pytest

from central.errors import ConflictError, ForbiddenError, NotFoundError
from central_client import AsyncCentral
from central_server.jobs import chunks
from central_server.jobs.runs import JobRuns
from support.database import somebody_waits, superuser
from support.importing import imported, queued, work_on
from support.place import Place
from support.waiting import until


async def _chunks(place: Place) -> int:
    async with superuser(place.stack) as connection:
        query = "SELECT count(*) FROM job_chunks WHERE tenant_id = $1"
        found: int = await connection.fetchval(query, place.tenant.id.uuid)
        return found


async def test_a_job_that_waits_ends_at_once(place: Place, admin: AsyncCentral) -> None:
    """A job that no worker has begun is cancelled, its rows are gone, and nothing happens when its turn comes."""
    address = place.address()
    job = await queued(place, [{"email": address}], by=admin)
    cancelled = await admin.jobs.cancel(job=job.id)
    assert (cancelled.state, await _chunks(place)) == ("cancelled", 0)
    assert cancelled.ended_at is not None
    assert (await work_on(place, job)).state == "cancelled"
    assert [user async for user in place.owner.users.list(email=address)] == []
    assert await admin.jobs.cancel(job=job.id) == cancelled


@pytest.mark.parametrize("count", [4, 5])
async def test_its_rows_go_a_piece_at_a_time(place: Place, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """However many rows a job was given, all are gone when it ends: no statement takes longer for more of them."""
    monkeypatch.setattr(chunks, "AT_ONCE", 2)
    job = await queued(place, [{"email": place.address()} for _ in range(count)], size=1)
    other = await queued(place, [{"email": place.address()}])
    assert await _chunks(place) == count + 1
    assert (await place.owner.jobs.cancel(job=job.id)).state == "cancelled"
    assert await _chunks(place) == 1
    assert (await work_on(place, other)).state == "succeeded"
    assert await _chunks(place) == 0


async def test_a_job_that_runs_ends_after_its_batch(place: Place) -> None:
    """Asked to stop between two batches, a job keeps what it has done and does no more."""
    job = await queued(place, [{"email": place.address()} for _ in range(30)], size=10)
    runs = await place.stack.central.container.get(JobRuns)
    advance, stopped = runs.advance, asyncio.Event()

    async def stop_after_ten(run, position, executor):
        advanced = await advance(run, position, executor)
        if position.stage == "applying" and position.done == 10:
            stopped.set()
        return advanced

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "advance", stop_after_ten)
        patch.setattr(runs, "rows_with_errors", _after(runs.rows_with_errors, stopped, place, job.id))
        ended = await work_on(place, job)
    assert (ended.state, ended.progress.stage, ended.progress.done) == ("cancelled", "applying", 10)
    assert await place.owner.users.count() == await place.owner.users.count(text=place.domain)
    assert ended.result is not None
    assert ended.result.model_dump()["created"] == 10


def _after(call, stopped, place: Place, job):
    """Cancel, beside the batch in hand, before the batch after the first."""

    async def called(run, first, last, executor=None):
        if stopped.is_set():
            stopped.clear()
            asking = asyncio.create_task(place.owner.jobs.cancel(job=job))
            # The batch in hand has the job.
            await until(lambda: somebody_waits(place.stack), 10)
            assert not asking.done()
            raise ConflictError("as if somebody else had changed the same")
        return await call(run, first, last, executor)

    return called


async def test_an_ended_job_cannot_be_cancelled(place: Place) -> None:
    """What has succeeded is a conflict, and stays so."""
    job = await imported(place, [{"email": place.address()}])
    with pytest.raises(ConflictError) as refusal:
        await place.owner.jobs.cancel(job=job.id)
    assert refusal.value.code == "job_ended"
    assert (await place.owner.jobs.get(job=job.id)).state == "succeeded"


async def test_who_may_cancel_the_jobs_of_others(place: Place, admin: AsyncCentral, member: AsyncCentral) -> None:
    """Seeing a job of somebody else is not cancelling it: that takes `jobs:write`; who sees nothing finds nothing."""
    await place.owner.roles.create(slug="watcher", name="Watcher", permissions=["jobs:read"])
    watcher = await place.signed_in("watcher")
    job = await place.owner.users.start_import()
    with pytest.raises(NotFoundError):
        await member.jobs.cancel(job=job.id)
    with pytest.raises(ForbiddenError) as refusal:
        await watcher.jobs.cancel(job=job.id)
    assert refusal.value.code == "permission_missing"
    assert (await admin.jobs.cancel(job=job.id)).state == "cancelled"
