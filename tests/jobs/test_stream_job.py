"""A job as server-sent events, over a real connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from central.jobs.models import Job
from central.kernel.ids import JobId
from central_server.jobs.streaming import JobStreams
from support.importing import queued, work_on
from support.place import Place
from support.streams import Stream, stream_of


@asynccontextmanager
async def stream(
    place: Place, job: str, session: str | None = None, headers: dict[str, str] | None = None, **query: str
) -> AsyncIterator[Stream]:
    """Read a job's stream as the owner, or by another session."""
    (await place.stack.central.container.get(JobStreams)).wait = 1
    async with stream_of(place, f"jobs/{job}/stream", session, headers, query) as opened:
        yield opened


async def test_each_change_until_the_end(place: Place) -> None:
    """First comes the job as it is, then each change, as the API gives it; the stream ends with the job."""
    job = await queued(place, [{"email": place.address()} for _ in range(20)], size=10)
    async with stream(place, job.id) as opened:
        assert opened.response.headers["content-type"] == "text/event-stream"
        events = [await opened.event()]
        working = asyncio.create_task(work_on(place, job))
        while Job.model_validate_json(events[-1]["data"]).state != "succeeded":
            events.append(await opened.event())
        assert await opened.ends()
    jobs = [Job.model_validate_json(event["data"]) for event in events]
    assert (jobs[0], jobs[-1]) == (job, await working)
    assert [event["id"] for event in events] == [str(one.version) for one in jobs]
    assert {event["event"] for event in events} == {"job"}
    assert {json.loads(event["data"])["__type"] for event in events} == {"Job"}


async def test_going_on_behind_the_last_one(place: Place) -> None:
    """A browser that connects again says which version it had: nothing comes twice, and after the end nothing."""
    job = await queued(place, [{"email": place.address()}])
    async with stream(place, job.id) as opened:
        last = (await opened.event())["id"]
    async with stream(place, job.id, headers={"last-event-id": last}) as again:
        await place.owner.jobs.cancel(job=job.id)
        event = await again.event()
        assert json.loads(event["data"])["state"] == "cancelled"
        assert await again.ends()
    async with stream(place, job.id, headers={"last-event-id": event["id"]}) as over:
        assert over.response.status_code == 204
    async with stream(place, job.id, knownVersion=last) as late:
        assert (await late.event())["id"] == event["id"]


async def test_ends_with_the_session(place: Place) -> None:
    """A session that ends while its stream is open is told nothing more: not even what happens in the same moment."""
    admin = await place.user("admin")
    job = await place.owner.users.start_import()
    async with stream(place, job.id, await place.stack.session_of(place.tenant.id, admin.id)) as opened:
        await opened.event()
        await place.owner.users.disable(user=admin.id)
        await place.owner.jobs.cancel(job=job.id)
        assert await opened.ends()


async def test_ends_with_the_permission(place: Place) -> None:
    """Whoever may not see the job any more is told nothing more."""
    role = await place.owner.roles.create(slug="watcher", name="Watcher", permissions=["jobs:read"])
    watcher = await place.user("watcher")
    job = await place.owner.users.start_import()
    async with stream(place, job.id, await place.stack.session_of(place.tenant.id, watcher.id)) as opened:
        await opened.event()
        await place.owner.roles.update(role=role.slug, permissions=["users:read"])
        await place.owner.jobs.cancel(job=job.id)
        assert await opened.ends()


async def test_who_may_not_see_it(place: Place, other_place: Place) -> None:
    """To a member somebody else's job is absent, as it is to another tenant; without a session it is 401."""
    job = await place.owner.users.start_import()
    member = await place.user()
    async with stream(place, job.id, await place.stack.session_of(place.tenant.id, member.id)) as refused:
        assert refused.response.status_code == 404
    async with stream(place, job.id, "none") as unknown:
        assert unknown.response.status_code == 401
    async with stream(other_place, job.id) as foreign:
        assert foreign.response.status_code == 404
    async with stream(place, JobId.new()) as absent:
        assert absent.response.status_code == 404


@pytest.mark.parametrize(
    ("headers", "query"),
    [({"last-event-id": "later"}, {}), ({}, {"knownVersion": "-1"}), ({}, {"wait": "5"})],
)
async def test_what_is_asked_wrongly(place: Place, headers: dict[str, str], query: dict[str, str]) -> None:
    """What cannot be read is an answer and no stream."""
    job = await place.owner.users.start_import()
    async with stream(place, job.id, headers=headers, **query) as refused:
        assert refused.response.status_code == 422
