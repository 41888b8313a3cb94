import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import asyncpg
import pytest
from outbox_support import LISTENERS, FakeStarter, Sampled, Unheard, input_of, relay_of
from sqlalchemy import select

from central.kernel.ids import TenantId, UserId
from central_server.infra.actor import By
from central_server.infra.db import Query, tenant_scope
from central_server.infra.outbox import CHANNEL, Listeners, Outbox, WorkflowListener, outbox_insert_from
from support.outbox_place import Place
from support.sample_specs import SAMPLE

BY = By(UserId.new(), UserId.new(), "request-1")


@pytest.fixture
async def heard(place: Place) -> AsyncGenerator[list[str]]:
    """Give the notifications that come, as they come."""
    heard: list[str] = []
    connection: Any = await asyncpg.connect(place.url)
    await connection.add_listener(CHANNEL, lambda *words: heard.append(words[-1]))
    yield heard
    await connection.close()


async def test_event_is_written_with_its_transaction(place: Place, outbox: Outbox, tenant: TenantId):
    """An event is there when the transaction is, whole and without a place, and is not when that is undone."""
    kept, lost = Sampled(tenant_id=tenant), Sampled(tenant_id=tenant)
    async with place.database.write(tenant) as executor:
        await outbox.add(kept, BY, executor)

    async def fail_after_adding() -> None:
        async with place.database.write(tenant) as executor:
            await outbox.add(lost, BY, executor)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_adding()
    row = await place.row(kept)
    assert (row["position"], row["kind"]) == (None, "tests.sampled")
    stamp = {"actor": BY.user, "impersonator": BY.impersonator, "request_id": BY.request_id}
    assert Sampled.model_validate_json(row["payload"]) == kept.model_copy(update=stamp)
    assert await place.row(lost) is None


async def test_event_in_one_round_trip(place: Place, outbox: Outbox, tenant: TenantId):
    """Outside a transaction an event is one statement, whose tenant the statement sets itself."""
    event = Sampled(tenant_id=tenant)
    await outbox.add(event, BY, place.database.autocommit(tenant))
    assert (await place.row(event))["tenant_id"] == tenant.uuid


async def test_event_of_another_tenant(place: Place, outbox: Outbox, tenant: TenantId):
    """A transaction of one tenant writes no event of another; the platform writes any tenant's."""
    event = Sampled(tenant_id=TenantId.new())
    async with place.database.write(tenant) as executor:
        with pytest.raises(ValueError, match="belongs to the tenant"):
            await outbox.add(event, BY, executor)
    async with place.database.platform_write("test") as executor:
        await outbox.add(event, BY, executor)
    assert (await place.row(event))["tenant_id"] == event.tenant_id.uuid


async def test_many_events_at_once(place: Place, outbox: Outbox, tenant: TenantId):
    """Many events are written as one is, each with its stamp; one of another tenant among them lets none through."""
    events = [Sampled(tenant_id=tenant) for _ in range(20)]
    async with place.database.write(tenant) as executor:
        await outbox.add_all(events, BY, executor)
        with pytest.raises(ValueError, match="belongs to the tenant"):
            await outbox.add_all([Sampled(tenant_id=tenant), Sampled(tenant_id=TenantId.new())], BY, executor)
        await outbox.add_all([], BY, executor)
    stamp = {"actor": BY.user, "impersonator": BY.impersonator, "request_id": BY.request_id}
    for event in events:
        row = await place.row(event)
        assert Sampled.model_validate_json(row["payload"]) == event.model_copy(update=stamp)
    both = [Sampled(tenant_id=TenantId.new()) for _ in range(2)]
    async with place.database.platform_write("test") as executor:
        await outbox.add_all(both, BY, executor)
    assert [(await place.row(event))["tenant_id"] for event in both] == [event.tenant_id.uuid for event in both]


async def test_only_heard_kinds_wake(place: Place, outbox: Outbox, tenant: TenantId, heard: list[str]):
    """A commit notifies only when somebody listens to the kind: notifying makes commits wait for each other."""
    await outbox.add(Unheard(tenant_id=tenant), BY, place.database.autocommit(tenant))
    await asyncio.sleep(0.05)
    assert heard == []
    await outbox.add(Sampled(tenant_id=tenant), BY, place.database.autocommit(tenant))
    await asyncio.sleep(0.05)
    assert heard == [""]


async def test_event_beside_its_subject(place: Place, outbox: Outbox, tenant: TenantId, heard: list[str]):
    """What happened and its event are one statement, which notifies as well though nobody reads that part."""
    event, scope = Sampled(tenant_id=tenant), tenant_scope()
    subject = select(scope.c.tenant.label("tenant_id")).cte("subject")
    statement = select(subject).add_cte(outbox_insert_from(subject, subject.c.tenant_id))
    row = await place.database.autocommit(tenant).first(Query[Any](statement), **outbox.parameters(event, BY))
    assert row is not None
    assert (await place.row(event))["tenant_id"] == tenant.uuid
    await asyncio.sleep(0.05)
    assert heard == [""]


async def test_receipt_is_written_once(place: Place, outbox: Outbox, tenant: TenantId, starter: FakeStarter, add: Any):
    """The first receipt says so, and only the first, also when many come at once; another tenant has no say."""
    event = Sampled(tenant_id=tenant)
    await add(event)
    await relay_of(place, starter).TX_pass()

    async def settle(as_tenant: TenantId, listener: str = "tests.sample") -> bool:
        async with place.database.write(as_tenant) as executor:
            return await outbox.settle(event.id, listener, executor)

    assert not await settle(TenantId.new())
    assert not await settle(tenant, "tests.other")
    assert sorted(await asyncio.gather(*(settle(tenant) for _ in range(8)))) == [False] * 7 + [True]
    assert (await place.handover(event))["state"] == "done"


async def test_application_cannot_rewrite_events(place: Place, tenant: TenantId, add: Any):
    """The application's role may settle what it was handed, and neither change what an event says nor delete it."""
    event = Sampled(tenant_id=tenant)
    await add(event)
    connection: Any = await asyncpg.connect(place.url, server_settings={"search_path": "central"})
    await connection.execute(f"SET central.tenant = '{tenant.uuid}'")
    for statement in (
        "UPDATE outbox SET kind = 'x'",
        "DELETE FROM outbox",
        "DELETE FROM event_handovers",
        "UPDATE event_handovers SET listener = 'x'",
        f"INSERT INTO event_handovers (tenant_id, event_id, listener) VALUES ('{tenant.uuid}', '{event.id.uuid}', 'x')",
        "UPDATE event_followers SET position = 0",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


def test_listeners_are_told_apart():
    """Several may listen to a kind, each under a name of its own: the receipt goes by the name."""
    with pytest.raises(ValueError, match="two listeners"):
        Listeners([WorkflowListener("tests.sample", Sampled, SAMPLE, input_of)] * 2)
    both = Listeners(WorkflowListener(f"tests.{name}", Sampled, SAMPLE, input_of) for name in ("one", "two"))
    assert both.names == ["tests.one", "tests.two"]
    assert LISTENERS.hears("tests.sampled")
    assert not LISTENERS.hears("tests.unheard")
