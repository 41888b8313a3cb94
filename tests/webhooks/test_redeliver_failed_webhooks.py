from datetime import UTC, datetime, timedelta

import pytest

from central.errors import NotFoundError
from central.kernel.ids import WebhookEndpointId
from support.place import Place
from support.webhooks import Receiver, endpoint_at, happened, make_sender, plan, run_sql, send_due

_FAIL = (
    "UPDATE webhook_deliveries SET state = 'failed', ended_at = now(), created_at = now() - $2::interval"
    " WHERE tenant_id = $1 AND state = 'waiting'"
)


async def test_what_failed_since_a_time(place: Place, receiver: Receiver) -> None:
    """Those of this endpoint, that failed, of that time or later; each once, and none that was delivered."""
    endpoint, _ = await endpoint_at(place.owner, receiver, "user.created")
    other, _ = await endpoint_at(place.owner, receiver, "user.created")
    for age in (timedelta(hours=3), timedelta(hours=1)):
        await place.user()
        await plan(place)
        await run_sql(place, _FAIL, age)
    await place.owner.webhooks.ping(endpoint=endpoint.id)
    sender = await make_sender(place.stack)
    assert await send_due(sender) == 1
    since = datetime.now(UTC) - timedelta(hours=2)
    done = await place.owner.webhooks.redeliver_failed(endpoint=endpoint.id, since=since)
    assert done.redelivered == 1
    assert await send_due(sender) == 1
    assert (await place.owner.webhooks.redeliver_failed(endpoint=endpoint.id, since=since)).redelivered == 0
    everything = datetime.now(UTC) - timedelta(days=1)
    assert (await place.owner.webhooks.redeliver_failed(endpoint=endpoint.id, since=everything)).redelivered == 1
    assert (await place.owner.webhooks.redeliver_failed(endpoint=other.id, since=everything)).redelivered == 2
    assert [event["kind"] for event in await happened(place)].count("webhook_endpoint.redelivery_requested") == 4


async def test_none(place: Place, other_place: Place, receiver: Receiver) -> None:
    """Another tenant's endpoint is as one that is not there, and nothing of it is sent."""
    endpoint, _ = await endpoint_at(other_place.owner, receiver)
    await other_place.owner.webhooks.ping(endpoint=endpoint.id)
    await run_sql(other_place, _FAIL, timedelta(0))
    for id in (endpoint.id, WebhookEndpointId.new()):
        with pytest.raises(NotFoundError):
            await place.owner.webhooks.redeliver_failed(endpoint=id, since=datetime(2026, 1, 1, tzinfo=UTC))
    assert await send_due(await make_sender(place.stack)) == 0
