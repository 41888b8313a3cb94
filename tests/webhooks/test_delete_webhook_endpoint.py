from typing import Any

import pytest

from central.errors import NotFoundError, UnavailableError
from central_server.webhooks import removing
from central_server.webhooks.removing import EndpointRemoval
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


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Batches of two deliveries; gives how many each deleted, when it has."""
    deleted, delete = list[int](), EndpointRemoval._TX_delete_deliveries

    async def measured(self: EndpointRemoval, *given: Any) -> int:
        number = await delete(self, *given)
        deleted.append(number)
        return number

    monkeypatch.setattr(removing, "BATCH", 2)
    monkeypatch.setattr(EndpointRemoval, "_TX_delete_deliveries", measured)
    return deleted


async def test_many_deliveries_go_in_batches(place: Place, receiver: Receiver, small_batches: list[int]) -> None:
    """What a month has left is not deleted by one statement, and nothing of another endpoint goes."""
    kept, _ = await endpoint_at(place.owner, receiver)
    await place.owner.webhooks.ping(endpoint=kept.id)
    endpoint, _ = await endpoint_at(place.owner, receiver)
    for _ in range(5):
        await place.owner.webhooks.ping(endpoint=endpoint.id)
    await place.owner.webhooks.delete_endpoint(endpoint=endpoint.id)
    assert small_batches == [2, 2, 1]
    assert (await run_sql(place, _LEFT))[0]["left_over"] == 2
    kinds = [event["kind"] for event in await happened(place)]
    assert kinds[-2:] == ["webhook_endpoint.disabled", "webhook_endpoint.deleted"]


async def test_few_deliveries_go_with_it(place: Place, receiver: Receiver, small_batches: list[int]) -> None:
    """An endpoint with no more than a batch is deleted as it is, and nobody is told that it was disabled."""
    endpoint, _ = await endpoint_at(place.owner, receiver)
    for _ in range(2):
        await place.owner.webhooks.ping(endpoint=endpoint.id)
    await place.owner.webhooks.delete_endpoint(endpoint=endpoint.id)
    assert small_batches == []
    assert "webhook_endpoint.disabled" not in {event["kind"] for event in await happened(place)}


async def test_a_deletion_that_was_broken_off(
    place: Place, receiver: Receiver, small_batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves an endpoint that gets nothing any more, and is asked for once more."""
    endpoint, _ = await endpoint_at(place.owner, receiver)
    for _ in range(5):
        await place.owner.webhooks.ping(endpoint=endpoint.id)
    with monkeypatch.context() as broken:
        broken.setattr(EndpointRemoval, "_TX_delete_deliveries", _is_away)
        with pytest.raises(UnavailableError):
            await place.owner.webhooks.delete_endpoint(endpoint=endpoint.id)
    assert not (await place.owner.webhooks.get_endpoint(endpoint=endpoint.id)).enabled
    await place.owner.webhooks.delete_endpoint(endpoint=endpoint.id)
    assert (await run_sql(place, _LEFT))[0]["left_over"] == 0


async def _is_away(*_: object) -> int:
    raise UnavailableError("The database is away.", code="database_unavailable")


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
