import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from outbox_support import FAST, QUICK, FakeStarter, Sampled, Unheard, relay_of, settling

from central.kernel.ids import TenantId
from central_server.infra.actor import SYSTEM
from central_server.infra.db import Database
from central_server.infra.outbox import Outbox
from support.durable import running
from support.logs import captured_logs
from support.outbox_place import Place
from support.waiting import until

WRITERS, EVENTS_EACH = 64, 5


async def test_late_commits_are_not_skipped(place: Place, outbox: Outbox, tenant: TenantId, starter: FakeStarter):
    """64 writers that commit long after they inserted, in any order, beside three relays: nothing is left out."""
    starter.effect = settling(place, outbox, tenant)
    added: list[str] = []

    async def write(database: Database) -> None:
        for _ in range(EVENTS_EACH):
            event = Sampled(tenant_id=tenant)
            async with database.write(tenant) as executor:
                await outbox.add(event, SYSTEM, executor)
                await asyncio.sleep(random.uniform(0, 0.3))
            added.append(str(event.id))

    writing = Database(place.url, max_size=WRITERS, acquire_timeout=30)
    await writing.start()
    settings = replace(FAST, poll=0.01)
    async with running(*(relay_of(place, starter, settings) for _ in range(3))):
        await asyncio.gather(*(write(writing) for _ in range(WRITERS)))
        await until(lambda: _all(place, "done", len(added)))
    await writing.close()
    assert sorted(starter.started) == sorted(added)


async def test_poll_alone_is_enough(place: Place, outbox: Outbox, tenant: TenantId, starter: FakeStarter, add: Any):
    """An event whose notification nobody heard is found by the next poll."""
    starter.effect = settling(place, outbox, tenant)
    async with running(relay_of(place, starter)):
        await asyncio.sleep(0.1)
        await place.owner.execute(
            "INSERT INTO outbox (id, tenant_id, kind, payload) VALUES ($1, $2, $3, $4)",
            (event := Sampled(tenant_id=tenant)).id.uuid, tenant.uuid, event.kind, event.model_dump_json(),
        )  # fmt: skip
        await until(lambda: _all(place, "done", 1), 1)


async def test_hint_is_faster_than_poll(place: Place, outbox: Outbox, tenant: TenantId, starter: FakeStarter, add: Any):
    """A notification brings the relay at once."""
    starter.effect = settling(place, outbox, tenant)
    async with running(relay_of(place, starter, replace(FAST, poll=30))):
        await asyncio.sleep(0.2)
        await add(Sampled(tenant_id=tenant))
        await until(lambda: _all(place, "done", 1), 1)


async def test_unheard_kinds_get_their_places(place: Place, tenant: TenantId, starter: FakeStarter, add: Any):
    """Events that nobody listens to stand in the feed, and nothing is started."""
    await add(*(Unheard(tenant_id=tenant) for _ in range(7)))
    relay = relay_of(place, starter, replace(FAST, places=3))
    while await relay.TX_pass():
        pass
    assert await place.unplaced() == 0
    assert await place.states() == {}
    assert (starter.calls, relay.stats.placed) == (0, 7)


async def test_burst_after_a_rest(place: Place, outbox: Outbox, tenant: TenantId, starter: FakeStarter):
    """A relay whose statements were planned while there was nothing places thousands of events within seconds.

    By a plan for an empty outbox each of these is looked for among all, for longer than the bound on statements.
    """
    await place.owner.execute("VACUUM (ANALYZE) outbox")
    relay = relay_of(place, starter, replace(FAST, places=20_000))
    for _ in range(12):
        await relay.TX_pass()
    await place.owner.execute(
        "INSERT INTO outbox (id, tenant_id, kind, payload)"
        " SELECT gen_random_uuid(), $1, 'tests.unheard', '{}' FROM generate_series(1, 8000)",
        tenant.uuid,
    )
    await relay.TX_pass()
    assert relay.stats.placed == 8000


async def test_crash_after_claim_is_healed(
    place: Place, outbox: Outbox, tenant: TenantId, starter: FakeStarter, add: Any, monkeypatch: pytest.MonkeyPatch
):
    """A relay that dies between claim and start leaves a row that another one starts, after the redrive interval."""
    event = Sampled(tenant_id=tenant)
    await add(event)
    settings = replace(FAST, redrive=0.5)
    dying = relay_of(place, starter, settings)
    monkeypatch.setattr(dying, "_start_one", _killed)
    with pytest.raises(_Killed):
        await dying.TX_pass()
    assert (await place.handover(event))["state"] == "handed"
    starter.effect = settling(place, outbox, tenant)
    other = relay_of(place, starter, settings)
    await other.TX_pass()
    assert starter.started == []
    async with running(other):
        await until(lambda: _all(place, "done", 1), 5)
    assert starter.started == [event.id]
    assert (await place.handover(event))["attempts"] == 2


async def test_start_without_receipt_is_redriven(place: Place, tenant: TenantId, starter: FakeStarter, add: Any):
    """A start is no receipt: without one the event is started again, later each time, and given up in the end."""
    event = Sampled(tenant_id=tenant)
    await add(event)
    relay = relay_of(place, starter, replace(FAST, redrive=0.02, longest_redrive=0.1))
    async with running(relay):
        await until(lambda: _all(place, "dead", 1), 3)
    row = await place.handover(event)
    assert starter.started == [event.id] * row["attempts"]
    assert row["attempts"] >= 2
    assert row["last_error"] == "handed over, but no receipt came"
    assert row["updated_at"] - row["created_at"] >= timedelta(seconds=QUICK.within)
    assert relay.stats.dead == 1


async def test_late_receipt_wins(place: Place, outbox: Outbox, tenant: TenantId, starter: FakeStarter, add: Any):
    """A receipt that comes while the start is thought to have failed is kept."""
    event = Sampled(tenant_id=tenant)
    await add(event)

    async def settle_and_fail(id: str) -> None:
        await settling(place, outbox, tenant)(id)
        raise ValueError("the answer was lost")

    starter.effect = settle_and_fail
    await relay_of(place, starter).TX_pass()
    assert (await place.handover(event))["state"] == "done"


async def test_poison_does_not_stop_the_batch(
    place: Place, outbox: Outbox, tenant: TenantId, starter: FakeStarter, add: Any
):
    """An event that cannot be started is tried so many times and given up; the others of its batch go on."""
    starter.effect = settling(place, outbox, tenant)
    poison = Sampled(tenant_id=tenant, word="poison")
    good = [Sampled(tenant_id=tenant) for _ in range(5)]
    await add(*good[:2], poison, *good[2:])
    relay = relay_of(place, starter, replace(FAST, batch=3))
    async with running(relay):
        await until(lambda: _all(place, "done", 5), 3)
        await until(lambda: _all(place, "dead", 1), 3)
    assert sorted(starter.started) == sorted(event.id for event in good)
    row = await place.handover(poison)
    assert row["attempts"] >= 2
    assert row["last_error"] == "ValueError: this event cannot be read"
    assert (relay.stats.dispatched, relay.stats.failed, relay.stats.dead) == (5, row["attempts"], 1)


async def test_absence_of_temporal(place: Place, outbox: Outbox, tenant: TenantId, starter: FakeStarter, add: Any):
    """While Temporal is away events wait uncounted, one is tried now and then, and the log says it once."""
    starter.effect = settling(place, outbox, tenant)
    starter.away = True
    with captured_logs() as logs:
        relay = relay_of(place, starter)
        async with running(relay):
            await add(*(Sampled(tenant_id=tenant) for _ in range(30)), Unheard(tenant_id=tenant))
            await asyncio.sleep(1)
            tried = starter.calls
            assert await place.states() == {"pending": 30}
            assert await place.unplaced() == 0
            assert (await relay.measure()).waiting == 30
            assert relay.stats.lag > 0.5
            starter.away = False
            await until(lambda: _all(place, "done", 30), 3)
    assert 4 <= tried <= 45
    assert len(starter.started) == len(set(starter.started)) == 30
    said = [line["event"] for line in logs if line.get("component") == "Relay"]
    assert said == ["temporal is away: events wait", "temporal is back"]


async def test_relay_outlives_the_database(
    place: Place, outbox: Outbox, tenant: TenantId, starter: FakeStarter, add: Any
):
    """A relay whose connections are cut goes on by itself, its ear included."""
    starter.effect = settling(place, outbox, tenant)
    async with running(relay_of(place, starter, replace(FAST, poll=0.2))):
        await asyncio.sleep(0.1)
        await place.owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        await asyncio.sleep(0.3)
        await add(Sampled(tenant_id=tenant))
        await until(lambda: _all(place, "done", 1), 3)


class _Killed(BaseException):
    """The end of a process."""


async def _killed(name: str, event: Any) -> None:
    raise _Killed


async def _all(place: Place, state: str, count: int) -> bool:
    return (await place.states()).get(state) == count
