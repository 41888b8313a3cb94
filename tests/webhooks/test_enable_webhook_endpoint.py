import pytest

from central.errors import NotFoundError
from central.kernel.ids import WebhookEndpointId
from central_client import AsyncCentral
from support.place import Place
from support.webhooks import happened


async def test_enabled_again(place: Place) -> None:
    """Nothing of its end is left; the second time changes nothing and is no event."""
    made = (await place.owner.webhooks.create_endpoint(url="https://a.example/", enabled=False)).endpoint
    assert (made.enabled, made.disabled_reason) == (False, "by_hand")
    assert made.disabled_at is not None
    first, second = [await place.owner.webhooks.enable_endpoint(endpoint=made.id) for _ in range(2)]
    assert (first.enabled, first.disabled_reason, first.disabled_at, first.version) == (True, None, None, 2)
    assert first == second
    assert [event["kind"] for event in await happened(place)].count("webhook_endpoint.enabled") == 1


async def test_none(owner: AsyncCentral) -> None:
    """One that is not there is not found."""
    with pytest.raises(NotFoundError):
        await owner.webhooks.enable_endpoint(endpoint=WebhookEndpointId.new())
