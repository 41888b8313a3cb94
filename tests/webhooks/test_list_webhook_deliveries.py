from central_client import AsyncCentral
from support.http_server import Reply
from support.place import Place
from support.webhooks import Receiver, endpoint_at, make_sender, plan, send_due


async def test_filters_and_pages(place: Place, receiver: Receiver) -> None:
    """Newest first, each once whatever the size of a page; by endpoint, state and kind, all together."""
    receiver.replies = [Reply(410)]
    gone, _ = await endpoint_at(place.owner, receiver)
    pinged = await place.owner.webhooks.ping(endpoint=gone.id)
    await send_due(await make_sender(place.stack))
    endpoint, _ = await endpoint_at(place.owner, receiver, "user.created", "user.disabled")
    for _ in range(3):
        await place.user()
    await place.owner.users.disable(user=(await place.user()).id)
    await plan(place)

    async def listed(**filters: object) -> list[str]:
        return [delivery.id async for delivery in place.owner.webhooks.list_deliveries(**filters)]

    everything = await listed()
    assert len(everything) == 6
    assert everything[-1] == pinged.id
    assert await listed(limit=2) == everything
    assert await listed(endpoint=gone.id) == await listed(state="failed") == [pinged.id]
    assert len(await listed(endpoint=endpoint.id, kind="user.created", limit=1)) == 4
    assert await listed(state="delivered") == []
    assert len(await listed(state="waiting", endpoint=endpoint.id)) == 5
    assert await listed(endpoint=gone.id, state="waiting") == []


async def test_others_are_not_listed(place: Place, other_tenant: AsyncCentral, receiver: Receiver) -> None:
    """A tenant sees its own, also when it names another's endpoint."""
    endpoint, _ = await endpoint_at(place.owner, receiver)
    await place.owner.webhooks.ping(endpoint=endpoint.id)
    assert [d async for d in other_tenant.webhooks.list_deliveries()] == []
    assert [d async for d in other_tenant.webhooks.list_deliveries(endpoint=endpoint.id)] == []
