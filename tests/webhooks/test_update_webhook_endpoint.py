import pytest

from central.errors import ConflictError, NotFoundError, ValidationFailedError
from central.kernel.ids import WebhookEndpointId
from central.webhooks.events import WebhookEndpointUpdated
from central_client import AsyncCentral
from support.place import Place
from support.webhooks import Receiver, endpoint_at, happened, make_sender, plan, send_due


async def test_what_is_given_changes(owner: AsyncCentral) -> None:
    """The rest stays; null clears the description, and an empty list of kinds means all."""
    made = (await owner.webhooks.create_endpoint(url="https://a.example/", description="A", kinds=["a.b"])).endpoint
    changed = await owner.webhooks.update_endpoint(endpoint=made.id, url="https://b.example/")
    assert (changed.url, changed.description, changed.kinds, changed.version) == ("https://b.example/", "A", ["a.b"], 2)
    changed = await owner.webhooks.update_endpoint(endpoint=made.id, description=None, kinds=[])
    assert (changed.url, changed.description, changed.kinds) == ("https://b.example/", None, [])


async def test_the_event_says_what_changed(place: Place) -> None:
    """Kinds before and after; of the address, which may hold a credential, only that it changed."""
    url = "https://a.example/?key=s3cret"
    made = (await place.owner.webhooks.create_endpoint(url=url, kinds=["a.b"])).endpoint
    await place.owner.webhooks.update_endpoint(endpoint=made.id, url=f"{url}2", kinds=["c.d"])
    (event,) = [event async for event in place.owner.events.list(kind=["webhook_endpoint.updated"])]
    assert isinstance(event, WebhookEndpointUpdated)
    kinds, address = event.changes
    assert (kinds.field, kinds.before, kinds.after) == ("kinds", ["a.b"], ["c.d"])
    assert (address.field, address.withheld, address.before, event.version) == ("url", True, None, 2)
    assert "s3cret" not in event.model_dump_json()


async def test_wrong_changes(owner: AsyncCentral) -> None:
    """An address is judged as a new one's is; what cannot be cleared is not; a stale version is a conflict."""
    made = (await owner.webhooks.create_endpoint(url="https://a.example/")).endpoint
    for wrong in ({"url": "https://hooks.example:99999/"}, {"url": "https://10.0.0.1/"}, {"kinds": None}):
        with pytest.raises(ValidationFailedError):
            await owner.webhooks.update_endpoint(endpoint=made.id, **wrong)
    await owner.webhooks.update_endpoint(endpoint=made.id, description="B", expected_version=1)
    with pytest.raises(ConflictError) as caught:
        await owner.webhooks.update_endpoint(endpoint=made.id, description="C", expected_version=1)
    assert caught.value.code == "version_conflict"
    with pytest.raises(NotFoundError):
        await owner.webhooks.update_endpoint(endpoint=WebhookEndpointId.new(), description="D")


async def test_what_waits_goes_to_the_new_address(place: Place, receiver: Receiver) -> None:
    """The address is that of the moment of sending, and the kinds are those of the moment of planning."""
    async with Receiver() as former:
        endpoint, _ = await endpoint_at(place.owner, former, "user.created")
        await place.user()
        await plan(place)
        await place.owner.webhooks.update_endpoint(endpoint=endpoint.id, url=receiver.url, kinds=["user.deleted"])
        await plan(place)
        assert await send_due(await make_sender(place.stack)) == 1
        assert (len(former.requests), len(receiver.requests)) == (0, 1)
    assert "webhook_endpoint.updated" in {event["kind"] for event in await happened(place)}
