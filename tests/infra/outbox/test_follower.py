"""Listeners inside the database: each event has its effect exactly once."""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from statistics import median
from time import monotonic
from typing import Any

import pytest
from outbox_support import QUICK, Batched, FakeStarter, Unheard, relay_of
from sqlalchemy import Column, MetaData, Table, Text, bindparam, insert

from central.kernel.ids import EventId, TenantId
from central_server.infra.actor import SYSTEM
from central_server.infra.db import Database, Query, RichIdColumn, WriteExecutor
from central_server.infra.outbox import DBFeedEvent, Follower, Outbox
from central_server.infra.outbox.settings import Behind
from central_server.metrics import RelayCollector
from support.durable import running
from support.outbox_place import Place
from support.waiting import until

_EFFECTS = Table("effects", MetaData(), Column("event_id", RichIdColumn(EventId)), Column("word", Text))
_ADD_EFFECT = Query[Any](insert(_EFFECTS).values(event_id=bindparam("event"), word=bindparam("word")))


class Effects:
    """Writes a row for each event; what it cannot are poison and, while told so, everything."""

    def __init__(self) -> None:
        self.broken = False

    async def apply(self, events: Sequence[DBFeedEvent], executor: WriteExecutor) -> None:
        for event in events:
            word = event["payload"].get("word", "")
            await executor.execute(_ADD_EFFECT, event=event["id"], word=word)
            if word == "poison" or self.broken:
                raise ValueError("this event cannot be applied")


@pytest.fixture
async def place(outbox_database: Place) -> AsyncGenerator[Place]:
    await outbox_database.empty()
    await outbox_database.owner.execute("CREATE TABLE IF NOT EXISTS effects (event_id uuid, word text)")
    await outbox_database.owner.execute("GRANT SELECT, INSERT ON effects TO central_platform")
    yield outbox_database
    await outbox_database.owner.execute("DROP TABLE effects")


@pytest.fixture
def effects() -> Effects:
    return Effects()


def following(place: Place, effects: Effects, batch: int = 500) -> Follower:
    return Follower(place.database, "tests.effects", effects, retries=QUICK, batch=batch, poll=0.05)


async def applied(place: Place) -> list[EventId]:
    return [EventId.from_uuid(row["event_id"]) for row in await place.owner.fetch("SELECT event_id FROM effects")]


async def test_late_commits_are_applied_once(
    place: Place, outbox: Outbox, effects: Effects, starter: FakeStarter, tenant: TenantId
):
    """64 writers that sleep between insert and commit, two relays and three followers: each event once, none lost."""
    added: list[EventId] = []

    async def write(database: Database) -> None:
        for _ in range(4):
            event = Unheard(tenant_id=tenant)
            async with database.write(tenant) as executor:
                await outbox.add(event, SYSTEM, executor)
                await asyncio.sleep(random.uniform(0, 0.3))
            added.append(event.id)

    writing = Database(place.url, max_size=64, acquire_timeout=30)
    await writing.start()
    followers = [following(place, effects, batch=7) for _ in range(3)]
    async with running(relay_of(place, starter), relay_of(place, starter), *followers):
        await asyncio.gather(*(write(writing) for _ in range(64)))
        await until(lambda: _applied(place, len(added)))
        await asyncio.sleep(0.2)
    await writing.close()
    assert sorted(await applied(place)) == sorted(added)


async def test_poison_is_set_aside(place: Place, effects: Effects, starter: FakeStarter, tenant: TenantId, add: Any):
    """An event that cannot be applied leaves no trace, stops no other, and is a dead letter in the end."""
    poison, *good = Batched(tenant_id=tenant, word="poison"), *(Batched(tenant_id=tenant) for _ in range(20))
    await add(*good[:7], poison, *good[7:])
    await relay_of(place, starter).TX_pass()
    async with running(following(place, effects)):
        await until(lambda: _applied(place, 20), 2)
        await until(lambda: _is(place, poison, "dead"), 3)
    assert await applied(place) == [event.id for event in good]
    row = await place.handover(poison, "tests.effects")
    assert row["attempts"] >= 2
    assert row["last_error"] == "ValueError: this event cannot be applied"


async def test_what_was_set_aside_is_applied_once(
    place: Place, effects: Effects, starter: FakeStarter, tenant: TenantId, add: Any
):
    """What failed for a while is applied when it can be, once, however many followers try it."""
    events = [Unheard(tenant_id=tenant) for _ in range(6)]
    await add(*events)
    await relay_of(place, starter).TX_pass()
    effects.broken = True
    await following(place, effects).TX_pass()
    assert await applied(place) == []
    effects.broken = False
    async with running(*(following(place, effects) for _ in range(3))):
        await until(lambda: _applied(place, 6), 3)
        await asyncio.sleep(0.2)
    assert sorted(await applied(place)) == sorted(event.id for event in events)
    assert await place.states() == {"done": 6}


async def test_crash_repeats_nothing(
    place: Place, effects: Effects, starter: FakeStarter, tenant: TenantId, add: Any, monkeypatch: pytest.MonkeyPatch
):
    """A follower that dies between the effect and the commit has done nothing; the next one does it."""
    await add(*(Unheard(tenant_id=tenant) for _ in range(5)))
    await relay_of(place, starter).TX_pass()
    dying, apply = following(place, effects), effects.apply

    class Killed(BaseException):
        """The end of a process."""

    async def apply_and_die(*given: Any) -> None:
        await apply(*given)
        raise Killed

    monkeypatch.setattr(effects, "apply", apply_and_die)
    with pytest.raises(Killed):
        await dying.TX_pass()
    assert await applied(place) == []
    monkeypatch.undo()
    await following(place, effects).TX_pass()
    await following(place, effects).TX_pass()
    assert len(await applied(place)) == 5


async def test_lone_event_is_quick(
    place: Place, outbox: Outbox, effects: Effects, starter: FakeStarter, tenant: TenantId
):
    """From the commit of a lone event, which wakes nobody, to its effect it takes less than 200 ms in the median."""
    taken: list[float] = []
    async with running(relay_of(place, starter), Follower(place.database, "tests.effects", effects)):
        for count in range(1, 12):
            began = monotonic()
            await outbox.add(Unheard(tenant_id=tenant), SYSTEM, place.database.autocommit(tenant))
            await until(lambda count=count: _applied(place, count), 3)  # type: ignore[misc]
            taken.append(monotonic() - began)
    assert median(taken) < 0.2


async def test_how_far_a_follower_is_behind_is_counted(
    place: Place, effects: Effects, starter: FakeStarter, tenant: TenantId, add: Any
):
    """What a follower has still to go is told with how long the oldest waits; nothing once it has come to the end."""
    relay, follower = relay_of(place, starter), following(place, effects)
    await add(Unheard(tenant_id=tenant))
    await relay.TX_pass()
    await follower.TX_pass()
    assert (await relay.measure()).followers[follower.name] == Behind(0, 0)
    await add(*(Unheard(tenant_id=tenant) for _ in range(3)))
    await place.owner.execute("UPDATE outbox SET created_at = now() - interval '1 hour' WHERE position IS NULL")
    await relay.TX_pass()
    behind = (await relay.measure()).followers[follower.name]
    assert (behind.behind, 3600 <= behind.lag < 3700) == (3, True)
    samples = [sample for family in RelayCollector(relay).collect() for sample in family.samples]
    told = {each.name: each.value for each in samples if each.labels.get("follower") == follower.name}
    assert told == {"central_follower_behind": 3, "central_follower_lag_seconds": behind.lag}
    await follower.TX_pass()
    assert (await relay.measure()).followers[follower.name] == Behind(0, 0)


async def _applied(place: Place, count: int) -> bool:
    return len(await applied(place)) >= count


async def _is(place: Place, event: Any, state: str) -> bool:
    row = await place.handover(event, "tests.effects")
    return row is not None and row["state"] == state
