import asyncio
from time import perf_counter

import pytest

from central.errors import NotFoundError, UnauthenticatedError
from central.jobs.models import Job
from central_client import AsyncCentral
from central_server.infra.db import news
from support.place import Place
from support.races import Arena


async def _waiting(client: AsyncCentral, job: Job) -> "asyncio.Task[Job]":
    """Begin to wait for another version of a job; the wait is under way when this returns."""
    waiting = asyncio.create_task(client.jobs.get(job=job.id, known_version=job.version, wait=20))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    return waiting


async def test_whoever_started_a_job_sees_it(admin: AsyncCentral) -> None:
    """A job that waits for its rows says so, and how many there are."""
    started = await admin.users.start_import(dry_run=True)
    await admin.users.add_import_rows(job=started.id, chunk=0, rows=[{"email": "a@example.com"}])
    job = await admin.jobs.get(job=started.id)
    assert (job.kind, job.state, job.progress.stage, job.progress.done) == ("user_import", "receiving", "receiving", 1)
    assert job.started_by == (await admin.users.me()).id
    assert job.result is not None
    assert (job.started_at, job.ended_at, job.error) == (None, None, None)


async def test_others_need_a_permission(place: Place, admin: AsyncCentral, member: AsyncCentral) -> None:
    """The job of somebody else is as absent to a member as one that never was; `jobs:read` shows it."""
    job = await place.owner.users.start_import()
    assert await admin.jobs.get(job=job.id) == job
    with pytest.raises(NotFoundError) as refusal:
        await member.jobs.get(job=job.id)
    assert refusal.value.code == "job_not_found"
    await place.owner.roles.create(slug="watcher", name="Watcher", permissions=["jobs:read"])
    watcher = await place.signed_in("watcher")
    assert await watcher.jobs.get(job=job.id) == job


async def test_a_job_of_another_tenant_is_absent(other_tenant: AsyncCentral, owner: AsyncCentral) -> None:
    """An owner does not see what another tenant does."""
    job = await other_tenant.users.start_import()
    with pytest.raises(NotFoundError):
        await owner.jobs.get(job=job.id)


async def test_waiting_for_a_change(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits hears of a change when it is committed, at whichever process, and of that job alone."""
    monkeypatch.setattr(news, "_LOOK_AGAIN", 60.0)
    place = await arena.place()
    elsewhere = arena.at(place, 1).owner
    job, other = await place.owner.users.start_import(), await place.owner.users.start_import()
    waiting, of_other = await _waiting(place.owner, job), await _waiting(place.owner, other)
    begun = perf_counter()
    changed = await elsewhere.users.add_import_rows(job=job.id, chunk=0, rows=[{"email": "a@example.com"}])
    assert await waiting == changed
    assert perf_counter() - begun < 2
    assert not of_other.done()
    assert await elsewhere.jobs.cancel(job=other.id) == await of_other


async def test_what_is_not_waited_for(place: Place) -> None:
    """Another version than the known one is given at once, and so is what has ended; in vain one waits that long."""
    job = await place.owner.users.start_import()
    begun = perf_counter()
    for known in (None, job.version - 1, job.version + 1):
        assert await place.owner.jobs.get(job=job.id, known_version=known, wait=20) == job
    ended = await place.owner.jobs.cancel(job=job.id)
    assert await place.owner.jobs.get(job=job.id, known_version=ended.version, wait=20) == ended
    assert perf_counter() - begun < 10
    unchanged, begun = await place.owner.users.start_import(), perf_counter()
    assert await place.owner.jobs.get(job=unchanged.id, known_version=unchanged.version, wait=1) == unchanged
    assert 0.9 <= perf_counter() - begun < 5


async def test_who_may_not_see_it_any_more(place: Place) -> None:
    """Whoever is signed out, or loses the permission, while they wait, is not told."""
    role = await place.owner.roles.create(slug="watcher", name="Watcher", permissions=["jobs:read"])
    disabled, watcher = await place.user("admin"), await place.signed_in("watcher")
    gone = await place.sign_in(disabled)
    job = await place.owner.users.start_import()
    of_gone, of_watcher = await _waiting(gone, job), await _waiting(watcher, job)
    await place.owner.users.disable(user=disabled.id)
    await place.owner.roles.update(role=role.slug, permissions=["users:read"])
    await place.owner.jobs.cancel(job=job.id)
    with pytest.raises(UnauthenticatedError):
        await of_gone
    with pytest.raises(NotFoundError):
        await of_watcher
