"""The file that a job gives: who may have it, how it comes, and when it is gone."""

import asyncio
import hashlib
import io
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from central.errors import ForbiddenError, NotFoundError, UnauthenticatedError, UnavailableError
from central.kernel.ids import JobId
from central_client import AsyncCentral, Central
from central_client.errors import UnreadableAnswerError
from central_server.infra.config import Settings, SettingsError
from central_server.infra.object_store import Bucket, ObjectStore
from central_server.infra.upkeep.specs import DeleteEndedInput
from central_server.jobs.activities.delete_ended_jobs import DeleteEndedJobsActivity
from central_server.jobs.files import JobFiles
from central_server.jobs.runs import JobRuns, JobStoppedError, Outcome
from central_server.parts import make_object_store
from support.asgi import assert_problem
from support.database import superuser
from support.job_files import age_file, begun, pieces, with_file
from support.place import Place
from support.raw import Raw
from support.served import served

LARGE = secrets.token_bytes(3 * 1024 * 1024)


async def store_of(place: Place) -> ObjectStore:
    """Give the store of the API."""
    return await place.stack.central.container.get(ObjectStore)


def names_in(folder: Path) -> list[str]:
    """Name what is in a folder."""
    return [path.name for path in folder.iterdir()]


async def objects_of(place: Place) -> list[str]:
    """Name the objects of a tenant."""
    return sorted([key async for key in (await store_of(place)).list(Bucket.CORE, place.tenant.id)])


async def test_a_file_is_fetched_and_verified(place: Place, tmp_path: Path) -> None:
    """The job says what its file is, and the file comes to a path or into what is open, with its progress."""
    job = await with_file(place, LARGE)
    file = job.file
    assert file is not None
    assert (file.name, file.size, file.sha256) == ("users.csv", len(LARGE), hashlib.sha256(LARGE).hexdigest())
    kept = place.stack.settings.job_files_kept
    assert abs(file.expires_at - datetime.now(UTC) - kept) < timedelta(minutes=1)
    seen: list[tuple[int, int]] = []
    told = await place.owner.jobs.download(
        job=job.id, to=tmp_path / "out.csv", progress=lambda done, total: seen.append((done, total))
    )
    assert told == file
    assert (tmp_path / "out.csv").read_bytes() == LARGE
    assert (tmp_path / "out.csv").stat().st_mode & 0o777 == 0o600
    assert names_in(tmp_path) == ["out.csv"]
    assert seen[-1] == (len(LARGE), len(LARGE))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    target = io.BytesIO()
    await place.owner.jobs.download(job=job.id, to=target)
    assert target.getvalue() == LARGE


async def test_the_blocking_client(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The blocking client does the same over a real connection, and says so where it is asked to."""
    job = await with_file(place, LARGE)
    token = place.owner.session_token
    async with served(place.stack) as url:
        with Central(url, tenant=place.tenant.slug, session=token) as client:
            path = tmp_path / "out.csv"
            await asyncio.to_thread(client.jobs.download, job=job.id, to=str(path), progress=True)
            assert path.read_bytes() == LARGE
            with pytest.raises(NotFoundError):
                await asyncio.to_thread(client.jobs.download, job=JobId.new(), to=path)
    assert capsys.readouterr().err == f"downloaded {len(LARGE):,} of {len(LARGE):,} bytes\n"


async def test_how_it_comes(place: Place) -> None:
    """It is to be saved, never shown, sniffed or kept by caches, and says how long it is."""
    job = await with_file(place, b"email\n<script>")
    reply = await Raw(place.stack, place.owner).send("GET", f"/v1/tenants/{place.tenant.slug}/jobs/{job.id}/file")
    assert (reply.status, reply.body) == (200, b"email\n<script>")
    assert reply.header("content-type") == "text/csv; charset=utf-8"
    assert reply.header("content-disposition") == 'attachment; filename="users.csv"'
    assert reply.header("x-content-type-options") == "nosniff"
    assert reply.header("cache-control") == "no-store"
    assert reply.header("content-length") == "14"
    assert reply.header("content-security-policy") == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert reply.header("ratelimit-limit") is not None


async def test_who_may_have_it(place: Place, admin: AsyncCentral, member: AsyncCentral) -> None:
    """It takes seeing the job, and the permission for what is in it: also of whoever started it, and at that moment."""
    await place.owner.roles.create(slug="watcher", name="Watcher", permissions=["jobs:read"])
    await place.owner.roles.create(slug="guest", name="Guest", permissions=["roles:read"])
    watcher = await place.signed_in("watcher")
    starter_user = await place.user("admin")
    starter = await place.sign_in(starter_user)
    job = await with_file(place, b"x", by=starter_user.id)
    for client in (place.owner, admin, starter):
        await client.jobs.download(job=job.id, to=io.BytesIO())
    with pytest.raises(ForbiddenError) as refusal:
        await watcher.jobs.download(job=job.id, to=io.BytesIO())
    assert refusal.value.code == "permission_missing"
    with pytest.raises(NotFoundError):
        await member.jobs.download(job=job.id, to=io.BytesIO())
    path = f"/v1/tenants/{place.tenant.slug}/jobs/{job.id}/file"
    assert_problem(await Raw(place.stack, member).send("GET", path), 404, code="job_not_found")
    await place.owner.users.update(user=starter_user.id, roles=["guest"])
    starter = await place.sign_in(starter_user)
    with pytest.raises(ForbiddenError):
        await starter.jobs.download(job=job.id, to=io.BytesIO())


async def test_nobody_else_has_it(place: Place, other_place: Place, anonymous: AsyncCentral) -> None:
    """Another tenant's file is as absent as one that never was, and whoever is not signed in is told so."""
    job = await with_file(place, b"x")
    raw = Raw(place.stack, other_place.owner)
    own = [
        await raw.send("GET", f"/v1/tenants/{other_place.tenant.slug}/jobs/{id}/file") for id in (job.id, JobId.new())
    ]
    for reply in own:
        assert_problem(reply, 404, code="job_not_found")
    foreign = await raw.send("GET", f"/v1/tenants/{place.tenant.slug}/jobs/{job.id}/file")
    assert_problem(foreign, 404, code="tenant_not_found")
    nobody = await Raw(place.stack).send("GET", f"/v1/tenants/{place.tenant.slug}/jobs/{job.id}/file")
    assert_problem(nobody, 401)
    with pytest.raises(UnauthenticatedError):
        await anonymous.jobs.download(job=job.id, to=io.BytesIO())
    for name in ("nonsense", f"{job.id}x", "%00", "user-01H2XVNZ7C9NXWK3TMCRD9QWMN"):
        odd = await Raw(place.stack, place.owner).send("GET", f"/v1/tenants/{place.tenant.slug}/jobs/{name}/file")
        assert_problem(odd, 422)


async def test_a_job_without_one(place: Place, tmp_path: Path) -> None:
    """A job that gave no file, and a kind that gives none, have none to download; nothing is left behind."""
    waiting = await place.owner.users.start_import()
    strange = await with_file(place, b"x", kind="user_import")
    run = await begun(place)
    for job in (waiting.id, run.id):
        with pytest.raises(NotFoundError) as refusal:
            await place.owner.jobs.download(job=job, to=tmp_path / "out.csv")
        assert refusal.value.code == "job_file_not_found"
    reply = await Raw(place.stack, place.owner).send("GET", f"/v1/tenants/{place.tenant.slug}/jobs/{strange.id}/file")
    assert_problem(reply, 404, code="job_file_not_found")
    assert names_in(tmp_path) == []


async def test_what_comes_otherwise_is_refused(place: Place, tmp_path: Path) -> None:
    """A file that is not what the job says is no file: nothing takes the place of what was at the path."""
    job = await with_file(place, b"as it was")
    (key,) = await objects_of(place)
    await (await store_of(place)).put(Bucket.CORE, place.tenant.id, key, pieces(b"as it is!"))
    path = tmp_path / "out.csv"
    path.write_text("before")
    with pytest.raises(UnreadableAnswerError) as failure:
        await place.owner.jobs.download(job=job.id, to=path)
    assert failure.value.code == "checksum_differs"
    assert (names_in(tmp_path), path.read_text()) == (["out.csv"], "before")


async def test_it_expires(place: Place) -> None:
    """At its time it is gone for everybody, and soon after its object is; the job stays."""
    job, other = await with_file(place, b"old"), await with_file(place, b"new")
    kept = place.stack.settings.job_files_kept
    await age_file(place, job, kept + timedelta(seconds=1))
    assert (await place.owner.jobs.get(job=job.id)).file is None
    path = f"/v1/tenants/{place.tenant.slug}/jobs/{job.id}/file"
    assert_problem(await Raw(place.stack, place.owner).send("GET", path), 404, code="job_file_not_found")
    assert len(await objects_of(place)) == 2
    activity = await place.stack.central.container.get(DeleteEndedJobsActivity)
    done = await ActivityEnvironment().run(activity.delete_files, DeleteEndedInput())
    assert done.is_last
    (left,) = await objects_of(place)
    assert left.startswith(f"jobs/{other.id}/")
    assert (await place.owner.jobs.get(job=job.id)).state == "succeeded"
    assert (await place.owner.jobs.get(job=other.id)).file is not None


async def test_a_job_outlives_its_file(place: Place) -> None:
    """A job whose file is still there is not deleted, however long ago it ended: first goes the file."""
    job = await with_file(place, b"x")
    async with superuser(place.stack) as connection:
        aged = "UPDATE jobs SET ended_at = ended_at - interval '1000 days' WHERE id = $1"
        await connection.execute(aged, job.id.uuid)
    activity = await place.stack.central.container.get(DeleteEndedJobsActivity)
    await ActivityEnvironment().run(activity.delete_ended, DeleteEndedInput())
    assert (await place.owner.jobs.get(job=job.id)).file is not None
    await age_file(place, job, timedelta(days=8))
    for step in (activity.delete_files, activity.delete_ended):
        await ActivityEnvironment().run(step, DeleteEndedInput())
    with pytest.raises(NotFoundError):
        await place.owner.jobs.get(job=job.id)
    assert await objects_of(place) == []


async def test_of_two_attempts_one_gives_the_file(place: Place) -> None:
    """A worker that was taken for dead, and writes after another has finished, changes nothing of what that gave."""
    container = place.stack.central.container
    files, runs = await container.get(JobFiles), await container.get(JobRuns)
    slow = await begun(place)
    late = asyncio.Event()

    async def content() -> AsyncIterator[bytes]:
        yield b"late"
        await late.wait()

    writing = asyncio.create_task(files.TX_write(slow, "users.csv", "text/csv", content()))
    await asyncio.sleep(0.1)
    again = await runs.TX_begin(place.tenant.id, slow.id, "exporting")
    assert again is not None
    job = await with_file(place, b"in time", run=again)
    late.set()
    file = await writing
    with pytest.raises(JobStoppedError):
        await runs.TX_end(slow, Outcome(None, file=file))
    target = io.BytesIO()
    await place.owner.jobs.download(job=job.id, to=target)
    assert target.getvalue() == b"in time"
    await age_file(place, job, timedelta(days=8))
    assert len(await objects_of(place)) == 2
    await files.TX_delete_expired(1000)
    assert await objects_of(place) == []


@pytest.mark.parametrize("ending", ["cancelled", "failed"])
async def test_a_job_that_does_not_succeed_gives_none(place: Place, ending: str) -> None:
    """What a job has written that fails, or is cancelled, is nobody's file, and goes at the next clean-up."""
    container = place.stack.central.container
    files, runs = await container.get(JobFiles), await container.get(JobRuns)
    run = await begun(place)
    file = await files.TX_write(run, "users.csv", "text/csv", pieces(b"x"))
    assert len(await objects_of(place)) == 1
    await files.TX_delete_expired(1000)
    assert len(await objects_of(place)) == 1, "it is still being worked on"
    if ending == "cancelled":
        await place.owner.jobs.cancel(job=run.id)
    await runs.TX_end(run, Outcome(None, "x" if ending == "failed" else None, "x", file))
    job = await place.owner.jobs.get(job=run.id)
    assert (job.state, job.file) == (ending, None)
    await files.TX_delete_expired(1000)
    assert await objects_of(place) == []


async def test_storage_that_is_away(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the storage a download answers 503, and an object that is lost 404, never 500."""
    job = await with_file(place, b"x")
    (key,) = await objects_of(place)
    store = await store_of(place)
    await store.delete(Bucket.CORE, place.tenant.id, key)
    path = f"/v1/tenants/{place.tenant.slug}/jobs/{job.id}/file"
    assert_problem(await Raw(place.stack, place.owner).send("GET", path), 404, code="job_file_not_found")

    async def away(*_: object) -> None:
        raise UnavailableError("away", code="object_store_unavailable")

    monkeypatch.setattr(store, "get", away)
    assert_problem(await Raw(place.stack, place.owner).send("GET", path), 503, code="object_store_unavailable")


def test_production_says_where_files_are(place_settings: Settings) -> None:
    """Outside development there is no default: the API and the workers do not start without the setting."""
    production = {"environment": "production", "public_url": "https://central.example", "mail_url": "smtp://mail"}
    for url, said in ((None, "is not set"), ("ftp://x", "expected file:///folder")):
        settings = Settings.model_validate({**place_settings.model_dump(), **production, "object_store_url": url})
        with pytest.raises(SettingsError, match=f"CENTRAL_OBJECT_STORE_URL.*{said}"):
            make_object_store(settings)


@pytest.fixture
def place_settings(place: Place) -> Settings:
    """The settings of the API."""
    return place.stack.settings
