import asyncio

import pytest

from central.errors import ConflictError, NotFoundError
from central.kernel.ids import WebhookEndpointId
from central_client import AsyncCentral
from support.place import Place
from support.webhooks import Receiver, details, endpoint_at, happened, make_sender, plan, run_sql, send_due


async def test_nothing_is_sent_to_it(place: Place, receiver: Receiver) -> None:
    """What waits fails without a request, what happens is not planned for it, and nobody pings it."""
    endpoint, _ = await endpoint_at(place.owner, receiver, "user.created", "webhook.ping")
    waiting = await place.owner.webhooks.ping(endpoint=endpoint.id)
    disabled = await place.owner.webhooks.disable_endpoint(endpoint=endpoint.id)
    assert (disabled.enabled, disabled.disabled_reason) == (False, "by_hand")
    await place.user()
    await plan(place)
    assert await send_due(await make_sender(place.stack)) == 0
    seen = await details(place.owner, waiting)
    assert (seen.state, seen.last_error, seen.attempts) == ("failed", "endpoint_disabled", [])
    assert len([d async for d in place.owner.webhooks.list_deliveries()]) == 1
    for call in (
        place.owner.webhooks.ping(endpoint=endpoint.id),
        place.owner.webhooks.redeliver(delivery=waiting.id),
        place.owner.webhooks.redeliver_failed(endpoint=endpoint.id, since="2026-01-01T00:00:00Z"),
    ):
        with pytest.raises(ConflictError) as caught:
            await call
        assert caught.value.code == "endpoint_disabled"
    assert receiver.requests == []


async def test_more_waits_than_is_ended_at_a_time(place: Place, receiver: Receiver) -> None:
    """What is not ended yet is not sent either."""
    endpoint, _ = await endpoint_at(place.owner, receiver)
    await run_sql(
        place,
        "INSERT INTO webhook_deliveries (tenant_id, endpoint_id, event_id, event_kind)"
        " SELECT $1, $2, gen_random_uuid(), 'user.created' FROM generate_series(1, 1001)",
        endpoint.id.uuid,
    )
    await place.owner.webhooks.disable_endpoint(endpoint=endpoint.id)
    sender = await make_sender(place.stack)
    assert [await send_due(sender) for _ in range(2)] == [0, 0]
    assert [d async for d in place.owner.webhooks.list_deliveries(state="waiting")] == []


async def test_once(place: Place) -> None:
    """Of several at the same moment one disables it: one event."""
    made = (await place.owner.webhooks.create_endpoint(url="https://a.example/")).endpoint
    await asyncio.gather(*(place.owner.webhooks.disable_endpoint(endpoint=made.id) for _ in range(5)))
    assert [event["kind"] for event in await happened(place)].count("webhook_endpoint.disabled") == 1


async def test_none(owner: AsyncCentral) -> None:
    """One that is not there is not found."""
    with pytest.raises(NotFoundError):
        await owner.webhooks.disable_endpoint(endpoint=WebhookEndpointId.new())
