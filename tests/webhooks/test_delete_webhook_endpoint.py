import pytest

from central.errors import NotFoundError
from support.place import Place
from support.webhooks import Receiver, endpoint_at, happened, make_sender, run_sql, send_due

_LEFT = (
    "SELECT (SELECT count(*) FROM webhook_secrets WHERE tenant_id = $1)"
    " + (SELECT count(*) FROM webhook_deliveries WHERE tenant_id = $1)"
    " + (SELECT count(*) FROM webhook_attempts WHERE tenant_id = $1) AS left_over"
)


async def test_nothing_of_it_is_left(place: Place, receiver: Receiver) -> None:
    """Its secrets, deliveries and attempts go with it."""
    endpoint, _ = await endpoint_at(place.owner, receiver)
    await place.owner.webhooks.ping(endpoint=endpoint.id)
    await send_due(await make_sender(place.stack))
    assert (await run_sql(place, _LEFT))[0]["left_over"] == 3
    await place.owner.webhooks.delete_endpoint(endpoint=endpoint.id)
    assert (await run_sql(place, _LEFT))[0]["left_over"] == 0
    with pytest.raises(NotFoundError):
        await place.owner.webhooks.delete_endpoint(endpoint=endpoint.id)
    assert "webhook_endpoint.deleted" in {event["kind"] for event in await happened(place)}


async def test_while_it_is_sent_to(place: Place) -> None:
    """A request that is under way meanwhile comes to its end, and is recorded nowhere."""
    async with Receiver(delay=0.3) as slow:
        endpoint, _ = await endpoint_at(place.owner, slow)
        await place.owner.webhooks.ping(endpoint=endpoint.id)
        sender = await make_sender(place.stack)
        await sender.TX_pass()
        await place.owner.webhooks.delete_endpoint(endpoint=endpoint.id)
        await sender.finish()
        assert len(slow.requests) == 1
    assert sender.stats.errors == 0
    assert (await run_sql(place, _LEFT))[0]["left_over"] == 0
