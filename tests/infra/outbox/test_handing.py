"""Batches of events, from the claim to the receipt of each event."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from outbox_support import FAST, LISTENERS, QUICK, Batched, FakeStarter, Handler, Sampled, input_of, relay_of

from central.kernel.ids import TenantId
from central_server.infra.outbox import (
    BatchListener,
    EventHandlers,
    HandingOver,
    Listeners,
    Outbox,
    Relay,
    WorkflowListener,
)
from central_server.infra.outbox.dead_letters import DeadLetters
from central_server.infra.outbox.specs import HAND_OVER
from support.durable import running
from support.logs import captured_logs
from support.outbox_place import Place
from support.sample_specs import SAMPLE
from support.waiting import until


class Handing(FakeStarter):
    """Stands for Temporal and a worker: a batch that is started is handed over, behind the starter's back."""

    def __init__(self, place: Place, handler: Handler, listeners: Listeners = LISTENERS) -> None:
        super().__init__()
        self.over = HandingOver(place.database, Outbox(listeners), listeners, EventHandlers(listeners, [handler]))
        self.tasks: list[asyncio.Task[Any]] = []

    async def start(self, spec: Any, input: Any, *, id: str) -> str:
        await super().start(spec, input, id=id)
        if spec is HAND_OVER:
            self.tasks.append(asyncio.create_task(self.over.hand_over(input.listener, input.batch)))
        return id


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def handing(place: Place, handler: Handler) -> Handing:
    return Handing(place, handler)


async def test_many_events_are_one_workflow(place: Place, handing: Handing, handler: Handler, add: Any):
    """What is due for a listener goes in one batch, whosever it is, and each event gets its own receipt."""
    events = [Batched(tenant_id=TenantId.new()) for _ in range(30)]
    await add(*events)
    relay = relay_of(place, handing)
    await relay.TX_pass()
    (outcome,) = await asyncio.gather(*handing.tasks)
    assert outcome == (30, 0)
    assert sorted(handler.handled) == sorted(event.id for event in events)
    assert len(handing.started) == 1
    assert handing.started[0].startswith("tests.batch-")
    assert await place.states() == {"done": 30}
    assert (relay.stats.batches, relay.stats.dispatched) == (1, 30)


async def test_poison_is_set_aside(place: Place, handler: Handler, tenant: TenantId, add: Any):
    """An event that cannot be handled is tried again by itself and given up in the end; the others are done at once."""
    poison, *good = Batched(tenant_id=tenant, word="poison"), *(Batched(tenant_id=tenant) for _ in range(5))
    await add(*good[:2], poison, *good[2:])
    with captured_logs() as logs:
        async with running(relay_of(place, Handing(place, handler))):
            await until(lambda: _all(place, "done", 5), 2)
            assert (await place.handover(poison))["state"] != "dead"
            await until(lambda: _all(place, "dead", 1), 3)
    row = await place.handover(poison)
    assert row["attempts"] == handler.tries - 5 >= 2
    assert row["last_error"] == "ValueError: this event cannot be handled"
    given_up = [line for line in logs if line["event"] == "event given up"]
    assert [(line["listener"], line["event_id"]) for line in given_up] == [("tests.batch", poison.id)]


async def test_slow_tenant_delays_nobody(place: Place, handing: Handing, handler: Handler, add: Any):
    """A tenant with hundreds of slow events leaves another one's event its place in the next batch."""
    slow, other = TenantId.new(), Batched(tenant_id=TenantId.new())
    handler.seconds = 1.0
    await add(*(Batched(tenant_id=slow, word="slow") for _ in range(200)))
    async with running(relay_of(place, handing)):
        await asyncio.sleep(0.2)
        await add(other)
        await until(lambda: _done(place, other), 0.8)
        assert len(handler.handled) < 50
        for task in handing.tasks:
            task.cancel()


async def test_each_tenant_has_its_share(place: Place, starter: FakeStarter, add: Any):
    """A batch holds of each tenant a share, and goes round: nobody waits for all that another one has."""
    tenants = sorted((TenantId.new() for _ in range(4)), key=lambda tenant: tenant.uuid)
    for tenant in tenants:
        await add(*(Batched(tenant_id=tenant) for _ in range(10)))
    patient = Listeners([BatchListener("tests.batch", Batched, Handler)])
    relay = Relay(place.database, starter, patient, replace(FAST, batch=6, share=2))
    for expected in ({0: 2, 1: 2, 2: 2}, {0: 2, 1: 2, 2: 2, 3: 2}, {0: 4, 1: 4, 2: 4, 3: 2}):
        await relay.TX_pass()
        rows = await place.owner.fetch(
            "SELECT tenant_id, count(*) FROM event_handovers WHERE state = 'handed' GROUP BY tenant_id"
        )
        by_tenant = {tenants.index(TenantId.from_uuid(row["tenant_id"])): row["count"] for row in rows}
        assert by_tenant == expected
    while await relay.TX_pass():
        pass
    assert await place.states() == {"handed": 40}


async def test_crash_before_the_receipt(
    place: Place, handing: Handing, handler: Handler, tenant: TenantId, add: Any, monkeypatch: pytest.MonkeyPatch
):
    """A worker that dies after the effect and before the receipt repeats that event, and no other of the batch."""
    events = [Batched(tenant_id=tenant) for _ in range(3)]
    await add(*events)
    relay = relay_of(place, handing, replace(FAST, redrive=0.05))
    outbox, settle = handing.over._outbox, Outbox.settle

    async def dying(event: Any, *rest: Any) -> bool:
        if event == events[1].id:
            raise RuntimeError("the worker dies")
        return await settle(outbox, event, *rest)

    monkeypatch.setattr(outbox, "settle", dying)
    await relay.TX_pass()
    with pytest.raises(RuntimeError, match="dies"):
        await asyncio.gather(*handing.tasks)
    assert await place.states() == {"done": 2, "handed": 1}
    monkeypatch.undo()
    async with running(relay):
        await until(lambda: _all(place, "done", 3), 3)
    assert sorted(handler.handled) == sorted([*(event.id for event in events), events[1].id])
    assert len(set(handing.started)) == 1


async def test_late_attempt_does_not_reopen(place: Place, handing: Handing, tenant: TenantId, add: Any):
    """An attempt that fails after another one has written the receipt leaves it as it is."""
    event = Batched(tenant_id=tenant, word="poison")
    await add(event)
    handing.tasks, starter = [], FakeStarter()
    await relay_of(place, starter).TX_pass()
    (row,) = await place.owner.fetch("SELECT batch FROM event_handovers")
    over = asyncio.create_task(handing.over.hand_over("tests.batch", row["batch"]))
    await place.owner.execute("UPDATE event_handovers SET state = 'done'")
    await over
    assert await place.states() == {"done": 1}


async def test_two_listeners_of_a_kind(place: Place, tenant: TenantId, add: Any, handler: Handler):
    """Each of two listeners has the event, whatever becomes of it with the other."""
    listeners = Listeners(
        [
            BatchListener("tests.batch", Batched, Handler, retries=QUICK),
            BatchListener("tests.second", Batched, Handler, retries=QUICK),
            WorkflowListener("tests.sample", Sampled, SAMPLE, input_of, retries=QUICK),
        ]
    )
    handing, event = Handing(place, handler, listeners), Batched(tenant_id=tenant)
    await add(event)
    relay = Relay(place.database, handing, listeners, FAST)
    async with running(relay):
        await until(lambda: _all(place, "done", 2), 3)
    assert handler.handled == [event.id] * 2
    assert sorted(name.partition("-")[0] for name in handing.started) == ["tests.batch", "tests.second"]


async def test_handler_that_takes_too_long(place: Place, tenant: TenantId, add: Any, handler: Handler):
    """The handling of one event has an end."""
    listeners = Listeners([BatchListener("tests.batch", Batched, Handler, retries=QUICK, timeout=0.05)])
    handing = Handing(place, handler, listeners)
    await add(slow := Batched(tenant_id=tenant, word="slow"), Batched(tenant_id=tenant))
    await Relay(place.database, handing, listeners, FAST).TX_pass()
    await asyncio.gather(*handing.tasks)
    assert (await place.handover(slow))["last_error"].startswith("TimeoutError")
    assert await place.states() == {"done": 1, "pending": 1}


async def test_dead_letters(place: Place, handing: Handing, handler: Handler, tenant: TenantId, add: Any):
    """What was given up is listed with its reason, and begins anew when it is driven again: all, or what is named."""
    first, second = (Batched(tenant_id=tenant, word="poison") for _ in range(2))
    await add(first, second)
    letters = DeadLetters(place.database)
    async with running(relay_of(place, handing)):
        await until(lambda: _all(place, "dead", 2), 3)
        tries = handler.tries
        found = await letters.TX_list(event=first.id)
        assert [(row["event_id"], row["listener"], row["kind"]) for row in found] == [
            (first.id, "tests.batch", "tests.batched")
        ]
        assert "cannot be handled" in (found[0]["last_error"] or "")
        assert len(await letters.TX_list()) == 2
        assert await letters.TX_list(listener="tests.other") == []
        assert await letters.TX_redrive(event=first.id) == 1
        await until(lambda: _tried(handler, tries + 2), 3)
        await until(lambda: _all(place, "dead", 2), 3)
        assert await letters.TX_redrive(listener="tests.other") == 0
        assert await letters.TX_redrive(listener="tests.batch") == 2


async def test_handler_of_no_listener(place: Place, tenant: TenantId, add: Any, handler: Handler):
    """What an older version handed over for a listener that is gone is set aside with its reason."""
    await add(event := Batched(tenant_id=tenant))
    await relay_of(place, FakeStarter()).TX_pass()
    (row,) = await place.owner.fetch("SELECT batch FROM event_handovers")
    none = Listeners([])
    over = HandingOver(place.database, Outbox(none), none, EventHandlers(none, []))
    assert await over.hand_over("tests.batch", row["batch"]) == (0, 1)
    assert (await place.handover(event))["last_error"].startswith("LookupError: no listener tests.batch")


def test_handler_that_was_not_made():
    """A listener whose handler the container does not make is found at the start."""
    with pytest.raises(TypeError, match="Handler"):
        EventHandlers(LISTENERS, [])


async def _all(place: Place, state: str, count: int) -> bool:
    return (await place.states()).get(state) == count


async def _done(place: Place, event: Batched) -> bool:
    row = await place.handover(event)
    return row is not None and row["state"] == "done"


async def _tried(handler: Handler, count: int) -> bool:
    return handler.tries >= count
