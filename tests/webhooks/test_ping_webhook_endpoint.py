import pytest

from central.errors import NotFoundError
from central.kernel.ids import WebhookEndpointId
from central.webhooks.events import WebhookPing
from central_client import AsyncCentral, webhooks
from support.place import Place
from support.webhooks import Receiver, details, endpoint_at, make_sender, plan, send_due


async def test_ping_reaches_its_endpoint_alone(place: Place, receiver: Receiver) -> None:
    """It is sent whatever kinds the endpoint is for, and to no other that gets all kinds; planning adds none."""
    async with Receiver() as other:
        endpoint, secret = await endpoint_at(place.owner, receiver, "user.created")
        await place.owner.webhooks.create_endpoint(url=other.url)
        delivery = await place.owner.webhooks.ping(endpoint=endpoint.id)
        assert (delivery.state, delivery.event_kind, delivery.attempt_count) == ("waiting", "webhook.ping", 0)
        await plan(place, "webhook.ping")
        assert await send_due(await make_sender(place.stack)) == 1
        assert other.requests == []
    (request,) = receiver.requests
    event = webhooks.verify(request.body, request.headers, secret)
    assert isinstance(event, WebhookPing)
    assert (event.id, event.endpoint_id, event.actor) == (delivery.event_id, endpoint.id, place.owner_user.id)
    assert (await details(place.owner, delivery)).state == "delivered"


async def test_none(owner: AsyncCentral) -> None:
    """One that is not there is not found."""
    with pytest.raises(NotFoundError):
        await owner.webhooks.ping(endpoint=WebhookEndpointId.new())
