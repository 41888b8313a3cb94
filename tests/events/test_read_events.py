"""The feed: nothing is skipped, nothing comes twice, and news comes soon."""

import asyncio
import random
from itertools import pairwise
from statistics import median
from time import perf_counter
from typing import Any

import pytest

from central.auth.events import SignInFailed
from central.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from central.events.models import ReadEventsResponse
from central.kernel.events import Event
from central.kernel.ids import EventId, UserId
from central.users.events import UserUpdated
from central_client import AsyncCentral
from central_server.infra.actor import SYSTEM
from central_server.infra.db import Database
from central_server.infra.outbox import Outbox, Relay
from support.counts import count
from support.database import superuser
from support.feed import put_into_feed, relaying
from support.place import Place
from support.races import Arena

WRITERS = 64
ROUNDS = 4


async def _all(client: AsyncCentral, **given: Any) -> list[Event]:
    """Read page by page to the end of the feed."""
    events: list[Event] = []
    after: EventId | None = None
    while True:
        page: ReadEventsResponse = await client.events.read(**given, **({"after": after} if after else {}))
        events += page.events
        assert len(events) < 1000, "it goes round in circles"
        if page.last is None:
            return events
        after = page.last


async def test_from_the_beginning_page_by_page(place: Place) -> None:
    """Every event comes once, in one order, whatever the size of the pages."""
    user = await place.user()
    for name in "abc":
        await place.owner.users.update(user=user.id, display_name=name)
    await put_into_feed(place)
    everything = await _all(place.owner)
    listed = [event.id async for event in place.owner.events.list()]
    assert sorted(event.id for event in everything) == sorted(listed)
    assert await _all(place.owner, limit=2) == everything
    updates = await _all(place.owner, limit=1, kind=["user.updated"])
    assert [event.kind for event in updates] == ["user.updated"] * 3
    assert updates == [event for event in everything if event.kind == "user.updated"]


async def test_going_on_behind_other_kinds(place: Place) -> None:
    """Where nothing of the kinds asked for is left, one goes on behind what was passed over."""
    await put_into_feed(place)
    page = await place.owner.events.read(kind=["tea.made"])
    assert page.events == []
    assert page.last is not None
    again = await place.owner.events.read(kind=["tea.made"], after=page.last)
    assert (again.events, again.last) == ([], None)
    user = await place.user()
    await put_into_feed(place)
    (event,) = (await place.owner.events.read(after=page.last, kind=["user.created"])).events
    assert event.target == user.id


async def test_what_is_not_in_the_feed(place: Place, other_place: Place) -> None:
    """An event that never was, or another tenant's, is nothing to go on behind."""
    await put_into_feed(other_place)
    theirs = (await other_place.owner.events.read()).last
    for after in (EventId.new(), theirs):
        with pytest.raises(NotFoundError):
            await place.owner.events.read(after=after)


async def _write(place: Place, outbox: Outbox, database: Database, chance: random.Random) -> None:
    """Write an event and commit it some time later."""
    async with database.write(place.tenant.id) as tx:
        await outbox.add(UserUpdated(tenant_id=place.tenant.id, user_id=UserId.new()), SYSTEM, tx)
        await asyncio.sleep(chance.random() * 0.3)


async def test_nothing_is_skipped_in_whatever_order_transactions_end(arena: Arena, record_property: Any) -> None:
    """64 writers sleep between insert and commit while two readers follow two relays: each event comes once to both."""
    place, chance = await arena.place(), random.Random(20261128)
    outbox = await place.stack.central.container.get(Outbox)
    databases = [await stack.central.container.get(Database) for stack in arena.stacks]
    written = WRITERS * ROUNDS
    async with relaying(arena.stacks[0]), relaying(arena.stacks[-1]):
        readers = [
            asyncio.create_task(_follow(arena.at(place, index).owner, written)) for index in range(len(arena.stacks))
        ]
        for _ in range(ROUNDS):
            writers = (_write(place, outbox, databases[number % len(databases)], chance) for number in range(WRITERS))
            await asyncio.gather(*writers)
        seen = await asyncio.wait_for(asyncio.gather(*readers), 60)
    expected = {e.id async for e in place.owner.events.list(kind=["user.updated"], limit=200)}
    assert len(expected) == written
    for ids in seen:
        assert len(ids) == len(set(ids))
        assert set(ids) == expected
    assert seen[0] == seen[1]
    created = [e.id async for e in place.owner.events.list(kind=["user.updated"], limit=200)][::-1]
    assert any(seen[0].index(a) > seen[0].index(b) for a, b in pairwise(created)), "they all ended in order"
    count(record_property, "events of writers that ended in another order", written)


async def _follow(client: AsyncCentral, wanted: int) -> list[EventId]:
    ids: list[EventId] = []
    async for event in client.events.stream(kind=["user.updated"]):
        ids.append(event.id)
        if len(ids) == wanted:
            break
    return ids


async def test_one_relay_at_a_time_gives_positions(place: Place) -> None:
    """While one has given positions and not committed yet no other gives any: else a reader could skip those."""
    relay = await place.stack.central.container.get(Relay)
    await put_into_feed(place)
    async with superuser(place.stack) as other, other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock(hashtextextended('central outbox positions', 0))")
        user = await place.user()
        await relay.TX_pass()
        assert [event async for event in place.owner.events.list(target=user.id)]
        assert user.id not in {event.target for event in await _all(place.owner, kind=["user.created"])}
    await put_into_feed(place)
    assert user.id in {event.target for event in await _all(place.owner, kind=["user.created"])}


async def test_news_comes_soon(place: Place) -> None:
    """Who waits hears of a lone event in 200 ms, as a median, from its commit on."""
    took: list[float] = []
    async with relaying(place.stack):
        await put_into_feed(place)
        after = (await _all(place.owner))[-1].id
        for _ in range(15):
            waiting = asyncio.create_task(place.owner.events.read(after=after, wait=20, kind=["user.created"]))
            await asyncio.sleep(0.3)
            await place.user()
            begun = perf_counter()
            page = await waiting
            took.append(perf_counter() - begun)
            assert len(page.events) == 1
            assert page.last is not None
            after = page.last
    assert median(took) < 0.2, took


async def test_who_may_not_read_any_more(place: Place) -> None:
    """Whoever is signed out, or loses the permission, while they wait, does not get what came."""
    await put_into_feed(place)
    after = (await _all(place.owner))[-1].id
    role = await place.owner.roles.create(slug="auditor", name="Auditor", permissions=["events:read"])
    disabled, auditor = await place.user("admin"), await place.signed_in("auditor")
    readers = (await place.sign_in(disabled), auditor)
    waiting = [asyncio.create_task(r.events.read(after=after, wait=20, kind=["role.updated"])) for r in readers]
    await asyncio.sleep(0.3)
    await place.owner.users.disable(user=disabled.id)
    await place.owner.roles.update(role=role.slug, permissions=["users:read"])
    await put_into_feed(place)
    with pytest.raises(UnauthenticatedError):
        await waiting[0]
    with pytest.raises(ForbiddenError):
        await waiting[1]


async def test_waiting_in_vain(place: Place) -> None:
    """Where nothing happens, the wait ends after the time asked for, with nothing."""
    await put_into_feed(place)
    after = (await _all(place.owner))[-1].id
    begun = perf_counter()
    page = await place.owner.events.read(after=after, wait=1)
    assert (page.events, page.last) == ([], None)
    assert 0.9 <= perf_counter() - begun < 5


async def test_every_kind_is_in_the_union(place: Place) -> None:
    """An event comes back as its own class."""
    await put_into_feed(place)
    kinds = {type(event).__name__ for event in await _all(place.owner)}
    assert {"TenantCreated", "UserCreated", "SessionStarted"} <= kinds
    assert SignInFailed.model_fields["kind"].default == "auth.sign_in.failed"
