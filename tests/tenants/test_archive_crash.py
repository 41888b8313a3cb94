"""Archiving and importing a large tenant in real worker processes, one of which is killed in the middle of each."""

from pathlib import Path

import pytest

from central_server.infra.temporal.client import TemporalConnection
from support.archives import members_of
from support.database import superuser
from support.deleting import delete_wholly
from support.full import full_place
from support.place import Place, Stack
from support.waiting import until
from support.workers import kill, start_worker

EVENTS = 60_000
_SECONDS = 180


async def _grow(place: Place) -> None:
    """Let much have happened in a tenant."""
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO outbox (id, tenant_id, kind, payload, position)"
            " SELECT gen_random_uuid(), $1, 'tests.grown', jsonb_build_object('tenantId', $3::text),"
            " nextval('outbox_positions') FROM generate_series(1, $2)",
            place.tenant.id.uuid,
            EVENTS,
            str(place.tenant.id),
        )


@pytest.mark.endurance
async def test_kill_9_in_the_middle(durable: tuple[Stack, TemporalConnection], folder: Path, tmp_path: Path) -> None:
    """After a kill while it archives, and while it imports, another worker comes to the whole archive, and tenant."""
    stack, _ = durable
    place = await full_place(stack)
    await _grow(place)
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
