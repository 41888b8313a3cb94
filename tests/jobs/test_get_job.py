import pytest

from central.errors import NotFoundError
from central_client import AsyncCentral
from support.place import Place


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
