"""Ending many sessions as a job: which ones, whose stay, batch by batch, and who may."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from central.errors import ForbiddenError, NotFoundError, ValidationFailedError
from central.jobs.models import Job, SessionRevocationResult
from central_client import AsyncCentral
from central_server.jobs.runs import JobRuns
from support.database import superuser
from support.exporting import work_on
from support.place import Place
from support.sessions import events, is_signed_in


async def revoked(place: Place, by: AsyncCentral | None = None, **how: Any) -> Job:
    """Start a revocation, and do it."""
    return await work_on(place, await (by or place.owner).sessions.start_revocation(**how))


def counts(job: Job) -> tuple[int, int]:
    """Give how many sessions matched, and how many ended."""
    assert isinstance(job.result, SessionRevocationResult), job
    return job.result.matched, job.result.revoked


async def test_everybody_but_the_caller(place: Place, owner: AsyncCentral) -> None:
    """All of a tenant end but for the caller's own, also their other ones; with `include_own` those end, too."""
    users = [await place.user() for _ in range(3)]
    clients = [await place.sign_in(user) for user in users for _ in range(2)]
    second = await place.sign_in(place.owner_user)
    job = await revoked(place, everybody=True)
    assert (job.state, counts(job)) == ("succeeded", (6, 6))
    assert (job.progress.done, job.progress.total) == (6, 6)
    assert [await is_signed_in(client) for client in clients] == [False] * 6
    assert await is_signed_in(owner)
    assert await is_signed_in(second)
    job = await owner.sessions.start_revocation(everybody=True, include_own=True)
    place.owner = await place.sign_in(place.owner_user)
    assert counts(await work_on(place, job)) == (2, 2)
    assert not await is_signed_in(owner)
    assert not await is_signed_in(second)
    assert await is_signed_in(place.owner), "it began after the job"


async def test_by_role_connector_user_address_and_time(place: Place) -> None:
    """Each condition chooses, and all that are given must hold."""
    await place.owner.roles.create(slug="editor", name="Editor", permissions=["users:read"])
    editor, plain = await place.user("editor"), await place.user()
    of_editor, of_plain = await place.sign_in(editor), await place.sign_in(plain)
    assert counts(await revoked(place, role="editor", user=plain.id)) == (0, 0)
    assert counts(await revoked(place, role="editor")) == (1, 1)
    assert [await is_signed_in(client) for client in (of_editor, of_plain)] == [False, True]
    early = datetime.now(UTC) - timedelta(hours=1)
    assert counts(await revoked(place, created_before=early)) == (0, 0)
    assert counts(await revoked(place, address="10.0.0.0/8")) == (0, 0)
    assert counts(await revoked(place, address="127.0.0.0/8", created_before=datetime.now(UTC))) == (1, 1)
    assert not await is_signed_in(of_plain)
    connector = (await place.owner.auth_connectors.list().first_page()).items[0].id
    again = await place.sign_in(plain)
    assert counts(await revoked(place, connector=connector)) == (0, 0)
    by_connector = place.stack.client(
        place.tenant.slug, await place.stack.session_of(place.tenant.id, plain.id, connector)
    )
    assert counts(await revoked(place, connector=connector)) == (1, 1)
    assert [await is_signed_in(client) for client in (again, by_connector)] == [True, False]


async def test_a_role_that_has_ended_does_not_count(place: Place) -> None:
    """Whoever held a role until now, or gets it after, is not meant by it."""
    await place.owner.roles.create(slug="editor", name="Editor", permissions=["users:read"])
    user = await place.user("editor")
    client = await place.sign_in(user)
    async with superuser(place.stack) as connection:
        ended = "UPDATE user_roles SET expires_at = now() - interval '1 second' WHERE user_id = $1 AND role = 'editor'"
        await connection.execute(ended, user.id.uuid)
    assert counts(await revoked(place, role="editor")) == (0, 0)
    assert await is_signed_in(client)


async def test_a_dry_run_counts(place: Place) -> None:
    """A dry run says how many it would be, and ends none."""
    clients = [await place.signed_in("member") for _ in range(3)]
    job = await revoked(place, everybody=True, dry_run=True)
    assert (job.state, counts(job)) == ("succeeded", (3, 0))
    assert all([await is_signed_in(client) for client in clients])


async def test_what_must_be_said(owner: AsyncCentral) -> None:
    """Nothing given is refused, so that nobody ends all sessions by leaving something out."""
    for given in ({}, {"include_own": True}, {"everybody": True, "role": "member"}, {"address": "nowhere"}):
        with pytest.raises(ValidationFailedError):
            await owner.sessions.start_revocation(**given)


async def test_batches_and_their_events(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many sessions end in batches, each with its events in its transaction; another attempt goes on with the rest."""
    monkeypatch.setattr("central_server.sessions.service._BATCH", 2)
    users = [await place.user() for _ in range(7)]
    for user in users:
        await place.sign_in(user)
    runs = await place.stack.central.container.get(JobRuns)
    advance, left = runs.advance, [2]

    async def die_in_the_third(run, position, executor):
        if not left[0]:
            left[0] = 100
            raise RuntimeError("as if the worker were killed")
        left[0] -= 1
        return await advance(run, position, executor)

    monkeypatch.setattr(runs, "advance", die_in_the_third)
    job = await place.owner.sessions.start_revocation(everybody=True)
    with pytest.raises(RuntimeError):
        await work_on(place, job)
    half = await place.owner.jobs.get(job=job.id)
    assert (half.state, counts(half)) == ("running", (4, 4))
    assert len(await events(place, "sessions.ended")) == 4
    done = await work_on(place, job)
    assert (done.state, counts(done), done.progress.total) == ("succeeded", (7, 7), 7)
    ended = await events(place, "sessions.ended")
    assert len(ended) == 7
    assert {event["userId"] for event in ended} == {user.id for user in users}


async def test_cancelled_between_two_batches(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that is cancelled ends no more sessions; those that ended stay so."""
    monkeypatch.setattr("central_server.sessions.service._BATCH", 1)
    clients = [await place.signed_in("member") for _ in range(4)]
    runs = await place.stack.central.container.get(JobRuns)
    hold, held = runs.hold, [0]

    async def cancel_before_the_third(run, executor):
        held[0] += 1
        if held[0] == 3:
            async with asyncio.timeout(5):
                await place.owner.jobs.cancel(job=run.id)
        await hold(run, executor)

    monkeypatch.setattr(runs, "hold", cancel_before_the_third)
    job = await revoked(place, everybody=True)
    assert (job.state, counts(job)) == ("cancelled", (2, 2))
    assert sum([await is_signed_in(client) for client in clients]) == 2


async def test_it_runs_as_whoever_started_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who loses the permission, or is disabled, between start and batch ends nobody's session any more."""
    await place.owner.roles.create(slug="guard", name="Guard", permissions=["sessions:read", "sessions:write"])
    for change in ({"roles": ["member"]}, None):
        guard_user = await place.user("guard")
        guard, client = await place.sign_in(guard_user), await place.signed_in("member")
        job = await guard.sessions.start_revocation(everybody=True)
        if change is None:
            await place.owner.users.disable(user=guard_user.id)
        else:
            await place.owner.users.update(user=guard_user.id, **change)
        done = await work_on(place, job)
        assert done.state == "failed"
        assert done.error is not None
        assert done.error.code in {"permission_missing", "user_disabled"}
        assert await is_signed_in(client)


async def test_who_may_ask(place: Place, member: AsyncCentral, other_place: Place) -> None:
    """It takes `sessions:write`; another tenant's sessions are never among them."""
    with pytest.raises(ForbiddenError):
        await member.sessions.start_revocation(everybody=True)
    other = await other_place.signed_in("member")
    job = await revoked(place, everybody=True)
    assert counts(job) == (1, 1)
    assert await is_signed_in(other)
    assert await is_signed_in(other_place.owner)
    with pytest.raises(NotFoundError):
        await other_place.owner.jobs.get(job=job.id)
    assert not await is_signed_in(member)
