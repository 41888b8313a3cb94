"""An import can be cancelled until the tenant is there, and is done once, whoever else is at it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from central.errors import ConflictError, NotFoundError, UnavailableError
from central.jobs.models import Job
from central_client import AsyncCentral
from central_server.images.files import ImageFiles
from central_server.jobs.runs import JobRuns
from central_server.jobs.working import Pace
from central_server.tenant_archives import claims
from central_server.tenant_archives.importing import TenantImporter
from central_server.tenant_archives.sealed_secrets import SealedSecrets
from support.archives import another_server, archive_of, grow, imported
from support.database import somebody_waits, superuser
from support.deleting import left_of
from support.pictured import objects_of, pictured
from support.place import Place, Stack
from support.waiting import until

EVENTS = 20_000


@pytest.fixture(scope="module")
async def elsewhere(stack: Stack, folder: Path) -> AsyncIterator[Stack]:
    """The server that imports."""
    async with another_server(stack, folder) as other:
        yield other


@pytest.fixture
async def operator(elsewhere: Stack) -> AsyncCentral:
    """Who imports."""
    return await elsewhere.sign_in_operator()


@pytest.fixture
async def place(stack: Stack) -> Place:
    """The tenant that is to come."""
    return await pictured(stack)


@pytest.fixture
async def job(place: Place, operator: AsyncCentral, tmp_path: Path) -> Job:
    """Its import, of which a worker has heard nothing yet."""
    path = tmp_path / "archive.zip"
    path.write_bytes(await archive_of(place.stack, place.tenant.id))
    return await operator.tenants.import_archive(path, wait=False)


async def _run(elsewhere: Stack, job: Job) -> str | None:
    importer = await elsewhere.central.container.get(TenantImporter)
    return await importer.run(elsewhere.operator_user.tenant_id, job.id)


async def _left(elsewhere: Stack, place: Place) -> dict[str, int]:
    return await left_of(Place(elsewhere, place.tenant, place.owner_user, place.owner))


class _Inserting:
    """A worker that has inserted the rows of people, in a transaction that is open, and waits to be told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        self.tables = list[str]()
        self._whole = TenantImporter._insert
        monkeypatch.setattr(Pace, "is_due", lambda _: True)
        inserting = self

        async def insert(self: TenantImporter, archived: Any, *rest: Any) -> None:
            await inserting._whole(self, archived, *rest)
            inserting.tables.append(archived.table.name)
            if archived.table.name == "users":
                inserting.begun.set()
                await inserting.go_on.wait()

        monkeypatch.setattr(TenantImporter, "_insert", insert)


async def test_cancelled_while_rows_are_inserted(
    place: Place, elsewhere: Stack, operator: AsyncCentral, tmp_path: Path
) -> None:
    """It tells how many rows are in, of how many; cancelled then it ends early, leaves nothing, and may come again."""
    await grow(place, EVENTS)
    archive = await archive_of(place.stack, place.tenant.id)
    path = tmp_path / "archive.zip"
    path.write_bytes(archive)
    job = await operator.tenants.import_archive(path, wait=False)
    running = asyncio.create_task(_run(elsewhere, job))

    async def inserts() -> bool:
        return (await operator.jobs.get(job=job.id)).progress.stage == "rows"

    await until(inserts, 60)
    with pytest.raises(NotFoundError):
        await elsewhere.client().tenants.get_public(tenant=place.tenant.slug)
    assert (await operator.jobs.cancel(job=job.id)).state == "cancelling"
    await running
    ended = await operator.jobs.get(job=job.id)
    assert (ended.state, ended.error, ended.progress.stage) == ("cancelled", None, "rows")
    assert ended.progress.total is not None
    assert ended.progress.total > EVENTS > ended.progress.done > 0
    assert await _left(elsewhere, place) == {}
    assert (await imported(elsewhere, archive, tmp_path)).state == "succeeded"


async def test_no_further_row_is_inserted(
    place: Place, elsewhere: Stack, operator: AsyncCentral, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelling is answered at once, however long the transaction takes, and the batch in hand is its last."""
    inserting = _Inserting(monkeypatch)
    running = asyncio.create_task(_run(elsewhere, job))
    await inserting.begun.wait()
    assert (await operator.jobs.cancel(job=job.id)).state == "cancelling"
    inserting.go_on.set()
    assert await running is None
    assert inserting.tables[-1] == "users"
    assert (await operator.jobs.get(job=job.id)).state == "cancelled"
    assert await _left(elsewhere, place) == {}


async def test_cancelled_after_the_last_look(
    place: Place, elsewhere: Stack, operator: AsyncCentral, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all rows in, and nobody looking any more, the transaction itself finds that it is not to be."""
    whole = SealedSecrets.insert

    async def insert(self: SealedSecrets, *arguments: Any) -> int:
        count = await whole(self, *arguments)
        assert (await operator.jobs.cancel(job=job.id)).state == "cancelling"
        return count

    monkeypatch.setattr(SealedSecrets, "insert", insert)
    assert await _run(elsewhere, job) is None
    assert (await operator.jobs.get(job=job.id)).state == "cancelled"
    assert await _left(elsewhere, place) == {}


async def test_cancelled_too_late(
    place: Place, elsewhere: Stack, operator: AsyncCentral, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever cancels while the tenant comes to be waits, and is told that the import has succeeded, as it has."""
    whole, cancelling = JobRuns.succeed, list[asyncio.Task[Job]]()

    async def succeed(self: JobRuns, *arguments: Any) -> str:
        state = await whole(self, *arguments)
        cancelling.append(asyncio.create_task(operator.jobs.cancel(job=job.id)))
        await until(lambda: somebody_waits(elsewhere), 10)
        assert not cancelling[0].done()
        return state

    monkeypatch.setattr(JobRuns, "succeed", succeed)
    assert await _run(elsewhere, job) == "succeeded"
    with pytest.raises(ConflictError) as refusal:
        await cancelling[0]
    assert refusal.value.code == "job_ended"
    ended = await operator.jobs.get(job=job.id)
    assert (ended.state, ended.progress.stage) == ("succeeded", "imported")
    assert len(await objects_of(elsewhere, place.tenant.id)) == 3 * 3


async def _made_once(place: Place, elsewhere: Stack, operator: AsyncCentral, job: Job) -> None:
    """The tenant is there with all of its files, was made once, and its job says so, once."""
    ended = await operator.jobs.get(job=job.id)
    assert (ended.state, ended.error) == ("succeeded", None)
    assert len(await objects_of(elsewhere, place.tenant.id)) == 3 * 3
    async with superuser(elsewhere) as connection:
        told = "SELECT count(*) FROM outbox WHERE tenant_id = $1 AND kind = 'tenant.imported'"
        assert await connection.fetchval(told, place.tenant.id.uuid) == 1
        left = "SELECT count(*) FROM tenant_import_claims WHERE tenant_id = $1"
        assert await connection.fetchval(left, place.tenant.id.uuid) == 0
    assert len([e async for e in operator.events.list(kind=["job.ended"], target=job.id)]) == 1
    assert await _run(elsewhere, job) is None


async def test_several_runs_at_the_same_moment(
    place: Place, elsewhere: Stack, operator: AsyncCentral, job: Job
) -> None:
    """Of workers that have the same job one makes the tenant; the others find it made, or come again later."""
    ended = await asyncio.gather(*(_run(elsewhere, job) for _ in range(5)), return_exceptions=True)
    assert ended.count("succeeded") == 1
    assert all(one in {"succeeded", None} or isinstance(one, UnavailableError) for one in ended), ended
    await _made_once(place, elsewhere, operator, job)


@pytest.mark.parametrize("patient", [False, True], ids=["gives up", "waits"])
async def test_taken_for_dead_while_it_inserts(
    place: Place,
    elsewhere: Stack,
    operator: AsyncCentral,
    job: Job,
    monkeypatch: pytest.MonkeyPatch,
    *,
    patient: bool,
) -> None:
    """Who goes on for a worker that lives gets no claim while that inserts, touches no file, and undoes no success."""
    monkeypatch.setattr(claims, "LEASE_SECONDS", -1)
    inserting = _Inserting(monkeypatch)
    first = asyncio.create_task(_run(elsewhere, job))
    await inserting.begun.wait()
    second = asyncio.create_task(_run(elsewhere, job))
    await until(lambda: somebody_waits(elsewhere), 10)
    if not patient:
        with pytest.raises(UnavailableError):
            await second
    inserting.go_on.set()
    assert await first == "succeeded"
    if patient:
        assert await second is None
    await _made_once(place, elsewhere, operator, job)


async def test_cancelled_and_ended_by_another(
    place: Place, elsewhere: Stack, operator: AsyncCentral, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was taken for dead makes no tenant of a job that another has ended as cancelled meanwhile."""
    inserting = _Inserting(monkeypatch)
    first = asyncio.create_task(_run(elsewhere, job))
    await inserting.begun.wait()
    await operator.jobs.cancel(job=job.id)
    assert await _run(elsewhere, job) is None
    assert (await operator.jobs.get(job=job.id)).state == "cancelled"
    inserting.go_on.set()
    assert await first is None
    assert await _left(elsewhere, place) == {}


async def _stop(place: Place, elsewhere: Stack, operator: AsyncCentral, job: Job, running: asyncio.Task[Any]) -> None:
    """Do what Temporal does with the activity of a job that is cancelled, and what its workflow does then."""
    await operator.jobs.cancel(job=job.id)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    runs = await elsewhere.central.container.get(JobRuns)
    assert await runs.TX_give_up(elsewhere.operator_user.tenant_id, job.id) == "cancelled"
    assert await _left(elsewhere, place) == {}


async def test_its_activity_is_cancelled_while_it_inserts(
    place: Place, elsewhere: Stack, operator: AsyncCentral, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Temporal may be first to tell a worker that the job is to stop: nothing is left then either."""
    inserting = _Inserting(monkeypatch)
    running = asyncio.create_task(_run(elsewhere, job))
    await inserting.begun.wait()
    await _stop(place, elsewhere, operator, job, running)


async def test_its_activity_is_cancelled_while_it_stores(
    place: Place, elsewhere: Stack, operator: AsyncCentral, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same in the midst of a call to the storage, which has some files by then."""
    whole, begun, stored = ImageFiles.store_rendition, asyncio.Event(), list[Any]()

    async def store(self: ImageFiles, *arguments: Any) -> None:
        await whole(self, *arguments)
        stored.append(arguments)
        if len(stored) == 4:
            begun.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(ImageFiles, "store_rendition", store)
    running = asyncio.create_task(_run(elsewhere, job))
    await begun.wait()
    assert len(await objects_of(elsewhere, place.tenant.id)) == 4
    await _stop(place, elsewhere, operator, job, running)
