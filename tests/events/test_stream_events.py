"""The feed as server-sent events, over a real connection."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from central.kernel.ids import EventId
from central_server.events.streaming import EventStreams
from support.database import superuser
from support.feed import put_into_feed, relaying
from support.place import Place
from support.streams import Stream, stream_of


@asynccontextmanager
async def stream(
    place: Place, session: str | None = None, headers: dict[str, str] | None = None, **query: str
) -> AsyncIterator[Stream]:
    """Read a stream of the owner's, or of another session's."""
    (await place.stack.central.container.get(EventStreams)).wait = 1
    async with stream_of(place, "events/stream", session, headers, query) as opened:
        yield opened


async def test_catches_up_and_goes_on(place: Place) -> None:
    """First comes what was missed, then what happens, each with its id and kind, as the API gives it."""
    earlier = await place.user()
    await put_into_feed(place)
    async with relaying(place.stack), stream(place, kind="user.created") as opened:
        assert opened.response.headers["content-type"] == "text/event-stream"
        assert opened.response.headers["cache-control"] == "no-store"
        seen = [json.loads((await opened.event())["data"])["userId"]]
        while seen[-1] != earlier.id:
            seen.append(json.loads((await opened.event())["data"])["userId"])
        later = await place.user()
        live = await opened.event()
    document = json.loads(live["data"])
    assert (live["event"], document["userId"], document["__type"]) == ("user.created", later.id, "UserCreated")
    assert live["id"] == document["id"]


async def test_goes_on_behind_the_last_one(place: Place) -> None:
    """A browser that connects again says which event it had, and gets those behind it; kinds stand between commas."""
    first, second = await place.user(), await place.user()
    await place.owner.users.disable(user=second.id)
    await put_into_feed(place)
    async with stream(place, kind="user.created,user.disabled") as opened:
        event = await opened.event()
        while json.loads(event["data"]).get("userId") != first.id:
            event = await opened.event()
    async with stream(place, headers={"last-event-id": event["id"]}, kind="user.created,user.disabled") as again:
        kinds = [(await again.event())["event"] for _ in range(2)]
    assert kinds == ["user.created", "user.disabled"]


async def test_goes_on_behind_what_a_consumer_acknowledged(place: Place) -> None:
    """A named consumer need not know where it was."""
    first, second = await place.user(), await place.user()
    await put_into_feed(place)
    async with stream(place, kind="user.created") as opened:
        event = await opened.event()
        while json.loads(event["data"]).get("userId") != first.id:
            event = await opened.event()
    await place.owner.events.acknowledge(consumer="crm", event=EventId(event["id"]))
    async with stream(place, consumer="crm", kind="user.created") as again:
        assert json.loads((await again.event())["data"])["userId"] == second.id


async def test_says_how_far_it_has_read(place: Place) -> None:
    """Where nothing is of the kinds that were asked for, a reader is told up to where, and begins no further back."""
    await place.user()
    await put_into_feed(place)
    newest = (await place.owner.events.list().first_page()).items[0]
    async with stream(place, kind="webhook_endpoint.disabled") as opened:
        assert await opened.id() == newest.id


async def test_a_kind_of_another_version(place: Place) -> None:
    """An event of a kind that this version does not know comes under its own kind, with all its fields."""
    id = EventId.new()
    payload = {"id": id, "tenant_id": place.tenant.id, "kind": "user.cloned", "occurred_at": "2026-01-01T00:00:00Z"}
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO outbox (id, tenant_id, kind, payload) VALUES ($1, $2, $3, $4)",
            id.uuid, place.tenant.id.uuid, "user.cloned", json.dumps({**payload, "clone": "ada"}),
        )  # fmt: skip
    await put_into_feed(place)
    async with stream(place, kind="user.cloned") as opened:
        event = await opened.event()
    assert event["event"] == "user.cloned"
    assert json.loads(event["data"])["clone"] == "ada"


async def test_ends_with_the_session(place: Place) -> None:
    """A session that ends while its stream is open is told nothing more: not even what happens in the same moment."""
    admin = await place.user("admin")
    session = await place.stack.session_of(place.tenant.id, admin.id)
    async with relaying(place.stack), stream(place, session, kind="user.updated,user.disabled") as opened:
        await place.owner.users.update(user=admin.id, display_name="Grace")
        assert (await opened.event())["event"] == "user.updated"
        await place.owner.users.disable(user=admin.id)
        assert await opened.ends()


async def test_ends_with_the_permission(place: Place) -> None:
    """Whoever may not read events any more is told nothing more."""
    role = await place.owner.roles.create(slug="auditor", name="Auditor", permissions=["events:read"])
    user = await place.user("auditor")
    session = await place.stack.session_of(place.tenant.id, user.id)
    other = await place.user()
    async with relaying(place.stack), stream(place, session, kind="role.updated,user.disabled") as opened:
        await place.owner.users.disable(user=other.id)
        assert (await opened.event())["event"] == "user.disabled"
        await place.owner.roles.update(role=role.slug, permissions=["users:read"])
        assert await opened.ends()


async def test_who_may_not_read(place: Place, other_place: Place) -> None:
    """Without the permission it is 403, without a session 401, and another tenant's path is not there."""
    member = await place.user()
    session = await place.stack.session_of(place.tenant.id, member.id)
    async with stream(place, session) as refused:
        assert refused.response.status_code == 403
    async with stream(place, "none") as unknown:
        assert unknown.response.status_code == 401
    foreign = await place.stack.session_of(other_place.tenant.id, other_place.owner_user.id)
    async with stream(place, foreign) as absent:
        assert absent.response.status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"after": "event-1"}, 422),
        ({"after": str(EventId.new())}, 404),
        ({"kind": "Not A Kind"}, 422),
        ({"limit": "5"}, 422),
        ({"consumer": ".."}, 422),
    ],
)
async def test_what_is_asked_wrongly(place: Place, query: dict[str, Any], status: int) -> None:
    """What cannot be read, or is not there, is an answer and no stream."""
    async with stream(place, **query) as refused:
        assert refused.response.status_code == status
