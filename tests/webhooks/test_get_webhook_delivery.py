import gzip
from collections.abc import AsyncIterator

import pytest

from central.errors import NotFoundError
from central.kernel.ids import WebhookDeliveryId
from central_client import AsyncCentral
from support.http_server import Reply
from support.place import Place
from support.webhooks import Receiver, details, endpoint_at, make_due, make_sender, run_sql, send_due


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 4096


async def test_attempts_are_told(place: Place, receiver: Receiver) -> None:
    """Each attempt says when it was, how long it took, what was answered and what went wrong, the newest first."""
    receiver.replies = [Reply(503, b"later"), Reply(204)]
    endpoint, _ = await endpoint_at(place.owner, receiver)
    delivery, sender = await place.owner.webhooks.ping(endpoint=endpoint.id), await make_sender(place.stack)
    await send_due(sender)
    waiting = await details(place.owner, delivery)
    assert (waiting.state, waiting.attempt_count, waiting.last_status) == ("waiting", 1, 503)
    assert waiting.next_attempt_at is not None
    await make_due(place)
    await send_due(sender)
    seen = await details(place.owner, delivery)
    assert (seen.state, seen.attempt_count, seen.next_attempt_at, seen.last_error) == ("delivered", 2, None, None)
    second, first = seen.attempts
    assert (first.number, first.status, first.error, first.answer) == (1, 503, "bad_status", "later")
    assert (second.number, second.status, second.error, second.answer) == (2, 204, None, "")
    assert first.started_at < second.started_at
    assert 0 <= first.duration_ms < 5000
    assert "503" in (first.detail or "")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"a\x00b\x00", "a\ufffdb\ufffd"),
        (b"\xff\xfe" + "é".encode(), "\ufffd\ufffdé"),
        (b"x" * 5000, "x" * 1024),
        (b"x" * 1023 + "é".encode(), "x" * 1023),
        (b"\xff" * 5000, "\ufffd" * 341),
        (b"\x00" * 5000, "\ufffd" * 341),
    ],
)
async def test_answers_are_text_of_a_kilobyte(place: Place, receiver: Receiver, body: bytes, shown: str) -> None:
    """Whatever is answered is kept as text without NUL, and as stored no longer than 1 KB."""
    receiver.replies = [Reply(200, body)]
    endpoint, _ = await endpoint_at(place.owner, receiver)
    delivery = await place.owner.webhooks.ping(endpoint=endpoint.id)
    await send_due(await make_sender(place.stack))
    (attempt,) = (await details(place.owner, delivery)).attempts
    assert (attempt.status, attempt.error, attempt.answer) == (200, None, shown)
    (row,) = await run_sql(place, "SELECT octet_length(answer) AS bytes FROM webhook_attempts WHERE tenant_id = $1")
    assert row["bytes"] <= 1024


async def test_endless_and_compressed_answers(place: Place, receiver: Receiver) -> None:
    """Of an answer without an end the beginning is read, and of a compressed one nothing: the status says it all."""
    receiver.replies = [Reply(200, _endless()), Reply(200, gzip.compress(b"x" * 10**6), {"content-encoding": "gzip"})]
    endpoint, _ = await endpoint_at(place.owner, receiver)
    sender = await make_sender(place.stack)
    for shown in ("x" * 1024, ""):
        delivery = await place.owner.webhooks.ping(endpoint=endpoint.id)
        await send_due(sender)
        (attempt,) = (await details(place.owner, delivery)).attempts
        assert (attempt.error, attempt.answer) == (None, shown)


async def test_none(owner: AsyncCentral, place: Place, other_tenant: AsyncCentral, receiver: Receiver) -> None:
    """One of another tenant is as one that never was."""
    endpoint, _ = await endpoint_at(place.owner, receiver)
    delivery = await owner.webhooks.ping(endpoint=endpoint.id)
    for client, id in ((other_tenant, delivery.id), (owner, WebhookDeliveryId.new())):
        with pytest.raises(NotFoundError):
            await client.webhooks.get_delivery(delivery=id)
