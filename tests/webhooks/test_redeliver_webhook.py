import pytest

from central.errors import ConflictError, NotFoundError
from central.kernel.ids import WebhookDeliveryId
from central_client import AsyncCentral
from support.http_server import Reply
from support.place import Place
from support.webhooks import Receiver, details, endpoint_at, happened, make_sender, run_sql, send_due


async def test_one_that_failed_and_one_that_was_delivered(place: Place, receiver: Receiver) -> None:
    """Either is sent again under the same id; its attempts go on counting, and its day of tries begins anew."""
    receiver.replies = [Reply(500), Reply(200), Reply(200)]
    endpoint, _ = await endpoint_at(place.owner, receiver)
    delivery, sender = await place.owner.webhooks.ping(endpoint=endpoint.id), await make_sender(place.stack)
    await send_due(sender)
    await run_sql(
        place,
        "UPDATE webhook_deliveries SET state = 'failed', ended_at = now(), tries = 15,"
        " first_failed_at = now() - interval '25 hours' WHERE tenant_id = $1",
    )
    for attempts in (2, 3):
        again = await place.owner.webhooks.redeliver(delivery=delivery.id)
        assert (again.state, again.ended_at) == ("waiting", None)
        (row,) = await run_sql(place, "SELECT tries, first_failed_at FROM webhook_deliveries WHERE tenant_id = $1")
        assert (row["tries"], row["first_failed_at"]) == (0, None)
        assert await send_due(sender) == 1
        seen = await details(place.owner, delivery)
        assert (seen.state, seen.attempt_count, len(seen.attempts)) == ("delivered", attempts, attempts)
    assert receiver.ids == [delivery.event_id] * 3
    assert len({request.body for request in receiver.requests}) == 1
    assert [event["kind"] for event in await happened(place)].count("webhook_endpoint.redelivery_requested") == 2


async def test_one_that_is_being_sent(place: Place) -> None:
    """It is sent once, and whoever wants it again is told to wait."""
    async with Receiver(delay=0.3) as slow:
        endpoint, _ = await endpoint_at(place.owner, slow)
        delivery, sender = await place.owner.webhooks.ping(endpoint=endpoint.id), await make_sender(place.stack)
        await sender.TX_pass()
        with pytest.raises(ConflictError) as caught:
            await place.owner.webhooks.redeliver(delivery=delivery.id)
        assert caught.value.code == "delivery_under_way"
        await sender.finish()
        assert len(slow.requests) == 1


async def test_none(owner: AsyncCentral) -> None:
    """One that is not there is not found."""
    with pytest.raises(NotFoundError):
        await owner.webhooks.redeliver(delivery=WebhookDeliveryId.new())
