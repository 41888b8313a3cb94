"""Archiving and importing a large tenant in real worker processes, one of which is killed in the middle of each."""

from pathlib import Path

import pytest

from central_client import JobFailedError
from central_server.infra.temporal.client import TemporalConnection
from support.archives import archive_of, grow, members_of
from support.database import superuser
from support.deleting import delete_wholly, left_of
from support.full import full_place
from support.place import Stack
from support.waiting import until
from support.workers import kill, start_worker

EVENTS = 60_000
_SECONDS = 180


@pytest.mark.endurance
async def test_kill_9_in_the_middle(durable: tuple[Stack, TemporalConnection], folder: Path, tmp_path: Path) -> None:
    """After a kill while it archives, and while it imports, another worker comes to the whole archive, and tenant."""
    stack, _ = durable
    place = await full_place(stack)
    await grow(place, EVENTS)
    operator = await stack.sign_in_operator()
    job = await place.owner.tenants.start_archive()

    async def archives() -> bool:
        return (await place.owner.jobs.get(job=job.id)).progress.done > EVENTS // 20

    async with await start_worker(stack, folder) as first:
        await until(archives, _SECONDS)
        await kill(first)
    assert (await place.owner.jobs.get(job=job.id)).state == "running"
    async with await start_worker(stack, folder):
        await place.owner.jobs.wait(job=job.id, timeout=_SECONDS)
    path = tmp_path / "archive.zip"
    await place.owner.jobs.download(job=job.id, to=path)
    assert members_of(path.read_bytes())["outbox.ndjson"].count(b"tests.grown") == EVENTS
    await delete_wholly(place)
    bringing = await operator.tenants.import_archive(path, wait=False)

    async def imports() -> bool:
        return (await operator.jobs.get(job=bringing.id)).state == "running"

    async with await start_worker(stack, folder) as second:
        await until(imports, _SECONDS)
        await kill(second)
    async with superuser(stack) as connection:
        assert await connection.fetchval("SELECT count(*) FROM tenants WHERE id = $1", place.tenant.id.uuid) == 0
    async with await start_worker(stack, folder):
        done = await operator.jobs.wait(job=bringing.id, timeout=_SECONDS)
    assert done.state == "succeeded"
    async with superuser(stack) as connection:
        events = await connection.fetchval(
            "SELECT count(*) FROM outbox WHERE tenant_id = $1 AND kind = 'tests.grown'", place.tenant.id.uuid
        )
        assert events == EVENTS
    owner = stack.client(place.tenant.slug, await stack.session_of(place.tenant.id, place.owner_user.id))
    assert (await owner.users.me()).id == place.owner_user.id


@pytest.mark.endurance
async def test_cancelled_in_the_middle(durable: tuple[Stack, TemporalConnection], folder: Path, tmp_path: Path) -> None:
    """Cancelled while a real worker inserts rows, of which Temporal tells it too, an import leaves nothing."""
    stack, _ = durable
    place = await full_place(stack)
    await grow(place, EVENTS)
    path = tmp_path / "archive.zip"
    path.write_bytes(await archive_of(stack, place.tenant.id))
    operator = await stack.sign_in_operator()
    await delete_wholly(place)
    receipts = await left_of(place)
    job = await operator.tenants.import_archive(path, wait=False)

    async def inserts() -> bool:
        return (await operator.jobs.get(job=job.id)).progress.stage == "rows"

    async with await start_worker(stack, folder):
        await until(inserts, _SECONDS)
        await operator.jobs.cancel(job=job.id)
        with pytest.raises(JobFailedError):
            await operator.jobs.wait(job=job.id, timeout=_SECONDS)
    ended = await operator.jobs.get(job=job.id)
    assert (ended.state, ended.progress.stage) == ("cancelled", "rows")
    assert ended.progress.done < EVENTS
    assert await left_of(place) == receipts
