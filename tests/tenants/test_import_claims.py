"""One import at a time touches the files of a tenant that is to come, and none those of one that is there."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from central.errors import ConflictError, UnavailableError
from central.jobs.models import Job
from central.kernel.ids import JobId, TenantDeletionId, TenantId
from central_client import AsyncCentral
from central_server.images.files import ImageFiles
from central_server.infra.db.unit import Unit
from central_server.infra.object_store import ObjectStore
from central_server.infra.upkeep.specs import DeleteEndedInput
from central_server.jobs.working import Pace
from central_server.tenant_archives import claims
from central_server.tenant_archives.activities.delete_import_leftovers import DeleteImportLeftoversActivity
from central_server.tenant_archives.claims import Claim, TenantClaims
from central_server.tenant_archives.importing import TenantImporter
from central_server.tenant_archives.unpacking import PictureUnpacker
from support.archives import another_server, archive_of, imported
from support.database import superuser
from support.deleting import delete_wholly, erase, left_of, let_rest, make_due
from support.pictured import objects_of, pictured
from support.place import Place, Stack


@pytest.fixture(scope="module")
async def elsewhere(stack: Stack, folder: Path) -> AsyncIterator[Stack]:
    """The server that imports."""
    async with another_server(stack, folder) as other:
        yield other


class _KilledError(BaseException):
    """What a worker dies of in these tests."""


async def _killed(stack: Stack, archive: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Have a worker die when the files are there and the tenant is not; gives its job."""

    async def die(*_: Any) -> int:
        raise _KilledError

    operator = await stack.sign_in_operator()
    with monkeypatch.context() as patched:
        patched.setattr(TenantImporter, "_insert_all", die)
        with pytest.raises(_KilledError):
            await imported(stack, archive, folder, operator)
    return await _running(operator)


async def _running(operator: AsyncCentral) -> Job:
    """Give the newest import that nobody has ended."""
    return await anext(aiter(operator.jobs.list(kind="tenant_import", state="running")))


async def _run_again(stack: Stack, job: Job) -> str | None:
    importer = await stack.central.container.get(TenantImporter)
    return await importer.run(stack.operator_user.tenant_id, job.id)


async def _let_pass(stack: Stack, tenant: TenantId, seconds: int) -> None:
    """Let time pass in which nothing is heard of an import."""
    async with superuser(stack) as connection:
        passed = "UPDATE tenant_import_claims SET leased_until = now() - make_interval(secs => $2) WHERE tenant_id = $1"
        assert await connection.execute(passed, tenant.uuid, seconds) == "UPDATE 1"


async def _clean_up(stack: Stack) -> int:
    activity = await stack.central.container.get(DeleteImportLeftoversActivity)
    return (await ActivityEnvironment().run(activity.delete, DeleteEndedInput())).deleted


async def test_killed_and_done_again(
    stack: Stack, elsewhere: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next attempt waits for as long as the one before may be at it, and comes to the whole tenant."""
    place = await pictured(stack)
    job = await _killed(elsewhere, await archive_of(stack, place.tenant.id), tmp_path, monkeypatch)
    files = await objects_of(elsewhere, place.tenant.id)
    assert files
    with pytest.raises(UnavailableError):
        await _run_again(elsewhere, job)
    await _let_pass(elsewhere, place.tenant.id, 0)
    assert await _run_again(elsewhere, job) == "succeeded"
    assert await objects_of(elsewhere, place.tenant.id) == files


async def test_cancelled_while_it_stores(
    stack: Stack, elsewhere: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tells how many pictures are stored, of how many; whoever cancels it then finds nothing left of it."""
    place, operator, whole = await pictured(stack), await elsewhere.sign_in_operator(), ImageFiles.store_rendition
    monkeypatch.setattr(Pace, "is_due", lambda _: True)
    seen = list[tuple[str | None, int, int | None]]()

    async def store(self: ImageFiles, *arguments: Any) -> None:
        await whole(self, *arguments)
        job = await anext(aiter(operator.jobs.list(kind="tenant_import")))
        seen.append((job.progress.stage, job.progress.done, job.progress.total))
        if job.progress.done == 2:
            await operator.jobs.cancel(job=job.id)

    monkeypatch.setattr(ImageFiles, "store_rendition", store)
    archive = await archive_of(stack, place.tenant.id)
    assert (await imported(elsewhere, archive, tmp_path, operator)).state == "cancelled"
    assert list(dict.fromkeys(seen)) == [("pictures", done, 3) for done in range(3)]
    assert await left_of(Place(elsewhere, place.tenant, place.owner_user, place.owner)) == {}


async def test_the_storage_goes_away_and_comes_back(
    stack: Stack, elsewhere: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempt leaves what it cannot delete to the next one, which makes the tenant with all of its files."""
    place, operator, calls = await pictured(stack), await elsewhere.sign_in_operator(), count()

    async def fail(*_: Any, **__: Any) -> Any:
        if next(calls) > 4:
            raise UnavailableError("The storage is away.")

    with monkeypatch.context() as away:
        away.setattr(ImageFiles, "store_rendition", fail)
        away.setattr(ObjectStore, "delete", fail)
        with pytest.raises(UnavailableError, match="away"):
            await imported(elsewhere, await archive_of(stack, place.tenant.id), tmp_path, operator)
    job = await _running(operator)
    assert await _run_again(elsewhere, job) == "succeeded"
    before = await objects_of(stack, place.tenant.id)
    assert await objects_of(elsewhere, place.tenant.id) == before


async def test_killed_and_never_done_again(
    stack: Stack, elsewhere: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clean-up deletes its files, an hour later, and only then."""
    place = await pictured(stack)
    await _killed(elsewhere, await archive_of(stack, place.tenant.id), tmp_path, monkeypatch)
    there = Place(elsewhere, place.tenant, place.owner_user, place.owner)
    await _let_pass(elsewhere, place.tenant.id, claims.ABANDONED_SECONDS - 30)
    assert await _clean_up(elsewhere) == 0
    assert set(await left_of(there)) == {"objects", "tenant_import_claims"}
    await _let_pass(elsewhere, place.tenant.id, claims.ABANDONED_SECONDS + 30)
    assert await _clean_up(elsewhere) == 1
    assert await left_of(there) == {}


async def test_files_of_another_archive_do_not_stay(
    stack: Stack, elsewhere: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes over what another import has left deletes its files before writing any."""
    place = await pictured(stack)
    await _killed(elsewhere, await archive_of(stack, place.tenant.id), tmp_path, monkeypatch)
    avatar = (await place.owner.users.remove_avatar(user=place.owner_user.id)).avatar
    assert avatar is None
    archive = await archive_of(stack, place.tenant.id)
    job = await imported(elsewhere, archive, tmp_path)
    assert job.error is not None
    assert job.error.code == "import_under_way"
    await _let_pass(elsewhere, place.tenant.id, 0)
    assert (await imported(elsewhere, archive, tmp_path)).state == "succeeded"
    assert len(await objects_of(elsewhere, place.tenant.id)) == 2 * 3


async def test_two_at_once(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """Of many imports of one tenant one makes it, with all of its files, and no other harms these."""
    place = await pictured(stack)
    archive = await archive_of(stack, place.tenant.id)
    jobs = await asyncio.gather(*(imported(elsewhere, archive, tmp_path) for _ in range(5)))
    assert [job.state for job in jobs].count("succeeded") == 1
    codes = {job.error.code for job in jobs if job.error is not None}
    assert codes <= {"import_under_way", "tenant_exists"}
    before, after = await objects_of(stack, place.tenant.id), await objects_of(elsewhere, place.tenant.id)
    assert after == {where: content for where, content in before.items() if where.startswith("user-content/")}
    async with superuser(elsewhere) as connection:
        left = "SELECT count(*) FROM tenant_import_claims WHERE tenant_id = $1"
        assert await connection.fetchval(left, place.tenant.id.uuid) == 0


async def test_who_has_lost_the_claim_makes_nothing(
    stack: Stack, elsewhere: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was taken for dead, and is not, neither makes the tenant nor deletes what is another's now."""
    place, whole = await pictured(stack), PictureUnpacker.store
    other = JobId.new()

    async def store(self: PictureUnpacker, *arguments: Any) -> None:
        await whole(self, *arguments)
        async with superuser(elsewhere) as connection:
            taken = "UPDATE tenant_import_claims SET holder = gen_random_uuid(), job_id = $2 WHERE tenant_id = $1"
            await connection.execute(taken, place.tenant.id.uuid, other.uuid)

    monkeypatch.setattr(PictureUnpacker, "store", store)
    with pytest.raises(UnavailableError) as refusal:
        await imported(elsewhere, await archive_of(stack, place.tenant.id), tmp_path)
    assert refusal.value.code == "import_claim_lost"
    there = Place(elsewhere, place.tenant, place.owner_user, place.owner)
    assert await left_of(there) == {"objects": 9, "tenant_import_claims": 1}


async def test_the_answer_to_the_commit_is_lost(
    stack: Stack, elsewhere: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever does not know whether the tenant is there deletes no file of it; the next attempt finds the job ended."""
    place, whole = await pictured(stack), Unit.commit

    async def commit(self: Unit, *arguments: Any) -> None:
        was_begun = self.started
        await whole(self, *arguments)
        async with superuser(elsewhere) as connection:
            is_made = "SELECT count(*) FROM tenants WHERE id = $1"
            if was_begun and await connection.fetchval(is_made, place.tenant.id.uuid):
                monkeypatch.undo()
                raise UnavailableError("The connection was lost.")

    monkeypatch.setattr(Unit, "commit", commit)
    operator = await elsewhere.sign_in_operator()
    with pytest.raises(UnavailableError):
        await imported(elsewhere, await archive_of(stack, place.tenant.id), tmp_path, operator)
    assert len(await objects_of(elsewhere, place.tenant.id)) == 3 * 3
    job = await anext(aiter(operator.jobs.list(kind="tenant_import")))
    assert (job.state, await _run_again(elsewhere, job)) == ("succeeded", None)
    assert len(await objects_of(elsewhere, place.tenant.id)) == 3 * 3


async def test_a_claim_that_is_not_heard_of_ends(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that takes longer than a lease leaves it is broken off; a claim that goes on is held on."""
    holding, tenant, job = await stack.central.container.get(TenantClaims), TenantId.new(), JobId.new()
    monkeypatch.setattr(claims, "RENEWED_AFTER", -1)
    monkeypatch.setattr(claims, "CALL_SECONDS", 0.01)

    async def until() -> datetime | None:
        async with superuser(stack) as connection:
            query = "SELECT leased_until FROM tenant_import_claims WHERE tenant_id = $1"
            found: datetime | None = await connection.fetchval(query, tenant.uuid)
            return found

    async def hold() -> None:
        async with holding.held(tenant, job) as claim:
            before = await until()
            await claim.call(lambda: asyncio.sleep(0))
            after = await until()
            assert before is not None
            assert after is not None
            assert after > before
            await claim.call(lambda: asyncio.sleep(1))

    with pytest.raises(UnavailableError, match="slow"):
        await hold()
    assert await until() is None


def test_a_call_ends_before_its_lease() -> None:
    """A renewal may be as old as this, and a call as long as that, and the claim is held all the while."""
    assert claims.RENEWED_AFTER + claims.CALL_SECONDS < claims.LEASE_SECONDS


async def test_not_before_a_deletion_has_ended(stack: Stack, tmp_path: Path) -> None:
    """The last look of a deletion would delete what was imported between: so long it is refused, and then it comes."""
    place = await pictured(stack)
    archive, operator = await archive_of(stack, place.tenant.id), await stack.sign_in_operator()
    asked = await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug)
    await make_due(place)
    assert await erase(stack, asked.id) == "deleting"
    job = await imported(stack, archive, tmp_path)
    assert job.error is not None
    assert job.error.code == "tenant_exists"
    await _end(stack, asked.id)
    assert (await imported(stack, archive, tmp_path)).state == "succeeded"
    assert len(await objects_of(stack, place.tenant.id)) == 9


async def _end(stack: Stack, deletion: TenantDeletionId) -> None:
    await let_rest(stack, deletion)
    assert await erase(stack, deletion) == "deleted"


async def test_a_tenant_that_is_there_has_no_claim(stack: Stack) -> None:
    """Nobody takes one on it, whatever is asked."""
    place = await pictured(stack)
    holding = await stack.central.container.get(TenantClaims)
    with pytest.raises(ConflictError) as refusal:
        async with holding.held(place.tenant.id, JobId.new()) as claim:
            assert not isinstance(claim, Claim)
    assert refusal.value.code == "tenant_exists"
    await delete_wholly(place)
