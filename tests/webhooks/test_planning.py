"""Which events become deliveries to which endpoints."""

import asyncio

import pytest

from central.kernel.ids import EventId, TenantId
from central_client import webhooks
from central_server.infra.db import Database
from central_server.infra.outbox import DBFeedEvent, Follower
from central_server.webhooks.planning import FOLLOWER, DeliveryPlanner
from central_server.webhooks.queries.deliveries import PLAN_DELIVERIES
from support.database import superuser
from support.feed import relaying
from support.place import Place, Stack
from support.webhooks import Receiver, apply, endpoint_at, happened, make_sender, plan, run_sql, send_due, sending

_PLANNED = "SELECT endpoint_id, event_id, event_kind, state FROM webhook_deliveries WHERE tenant_id = $1"


async def test_enabled_endpoints_get_the_kinds_they_want(place: Place, other_place: Place) -> None:
    """None named means all; a disabled endpoint and one of another tenant get nothing."""
    url = "https://hooks.example/"
    everything = (await place.owner.webhooks.create_endpoint(url=url)).endpoint
    some = (await place.owner.webhooks.create_endpoint(url=url, kinds=["user.created"])).endpoint
    await place.owner.webhooks.create_endpoint(url=url, enabled=False)
    await other_place.owner.webhooks.create_endpoint(url=url)
    await place.owner.users.disable(user=(await place.user()).id)
    events = await plan(place)
    rows = await run_sql(place, _PLANNED)
    assert {row["event_id"] for row in rows if row["endpoint_id"] == everything.id.uuid} == {
        e["id"].uuid for e in events
    }
    assert [row["event_kind"] for row in rows if row["endpoint_id"] == some.id.uuid] == ["user.created"]
    assert len(rows) == len(events) + 1
    assert {row["state"] for row in rows} == {"waiting"}
    assert await run_sql(other_place, _PLANNED) == []


async def test_a_suspended_tenant_is_told(place: Place, receiver: Receiver) -> None:
    """Suspending keeps people out; the tenant's own systems hear of that, and of what ends by itself meanwhile."""
    _, secret = await endpoint_at(place.owner, receiver, "tenant.suspended")
    await place.suspend()
    (event,) = await plan(place, "tenant.suspended")
    await send_due(await make_sender(place.stack))
    (request,) = receiver.requests
    assert webhooks.verify(request.body, request.headers, secret).id == event["id"]


async def test_planned_again(place: Place) -> None:
    """The same events again, also by several at the same time, begin no second delivery and touch no first one."""
    await place.owner.webhooks.create_endpoint(url="https://hooks.example/")
    await place.user()
    events = await happened(place)
    await asyncio.gather(*(apply(place.stack, events) for _ in range(5)))
    await run_sql(place, "UPDATE webhook_deliveries SET state = 'delivered', ended_at = now() WHERE tenant_id = $1")
    await apply(place.stack, events)
    rows = await run_sql(place, _PLANNED)
    assert len(rows) == len(events)
    assert {row["state"] for row in rows} == {"delivered"}


async def test_it_is_part_of_the_readers_transaction(place: Place, stack: Stack) -> None:
    """When the feed's reader does not move on, nothing is begun."""
    await place.owner.webhooks.create_endpoint(url="https://hooks.example/")
    database, planner = [await stack.central.container.get(kind) for kind in (Database, DeliveryPlanner)]
    events = await happened(place)

    async def move_on() -> None:
        async with database.platform_write("tests plan") as tx:
            await planner.apply(events, tx)
            await tx.execute(PLAN_DELIVERIES)

    with pytest.raises(TypeError, match="parameters missing"):
        await move_on()
    assert await run_sql(place, _PLANNED) == []


async def test_deliveries_cause_none(place: Place, receiver: Receiver) -> None:
    """Sending all that happened makes nothing happen: there is no loop."""
    await endpoint_at(place.owner, receiver)
    await place.owner.webhooks.create_endpoint(url=receiver.url)
    await place.user()
    before = await plan(place)
    assert await send_due(await make_sender(place.stack, per_endpoint=100, per_tenant=100)) == len(before) - 1, (
        "all but the first"
    )
    assert await plan(place) == before


async def test_nothing_to_plan(stack: Stack) -> None:
    """No event, and one that is kept no longer, are no trouble."""
    await apply(stack, [])
    gone = DBFeedEvent(id=EventId.new(), tenant_id=TenantId.new(), kind="user.created", payload={}, position=1)
    await apply(stack, [gone] * 3)
    async with superuser(stack) as connection:
        query = "SELECT count(*) FROM webhook_deliveries WHERE event_id = $1"
        assert await connection.fetchval(query, gone["id"].uuid) == 0


async def test_what_happened_before(place: Place) -> None:
    """Also to a reader that begins at the beginning of the feed, an endpoint is for what happens from its making on."""
    await place.user()
    before = await happened(place)
    await place.owner.webhooks.create_endpoint(url="https://hooks.example/", kinds=["user.created"])
    await place.user()
    await apply(place.stack, [*before, *await happened(place)])
    assert len(await run_sql(place, _PLANNED)) == 1


async def test_following_the_feed(place: Place, receiver: Receiver, stack: Stack) -> None:
    """With a relay, a follower and a sender, as a worker has them, what happens arrives by itself, once."""
    database, planner = [await stack.central.container.get(kind) for kind in (Database, DeliveryPlanner)]
    _, secret = await endpoint_at(place.owner, receiver, "user.created", "user.disabled")
    stop = asyncio.Event()
    followers = [Follower(database, FOLLOWER, planner, poll=0.05) for _ in range(2)]
    following = [asyncio.create_task(follower.run(stop)) for follower in followers]
    async with relaying(stack), sending(await make_sender(stack)):
        users = [await place.user() for _ in range(5)]
        await place.owner.users.disable(user=users[0].id)
        await receiver.got(6)
        await asyncio.sleep(0.3)
        stop.set()
        await asyncio.gather(*following)
    events = [webhooks.verify(request.body, request.headers, secret) for request in receiver.requests]
    assert sorted(event.kind for event in events) == ["user.created"] * 5 + ["user.disabled"]
    assert {event.target for event in events} == {user.id for user in users}


async def test_it_reads_no_table(stack: Stack) -> None:
    """Events are found by their ids, and endpoints by their tenants."""
    plan_ = PLAN_DELIVERIES.plan
    arguments = plan_.arguments({"events": [EventId.new().uuid for _ in range(500)]}, None)
    async with superuser(stack) as connection:
        await connection.execute("SET enable_seqscan = off")
        lines = await connection.fetch(f"EXPLAIN {plan_.text}", *arguments)
    text = "\n".join(line[0] for line in lines)
    assert "webhook_endpoints" in text
    assert "Seq Scan" not in text, text
