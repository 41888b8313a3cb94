from datetime import UTC, datetime, timedelta

import pytest

from central.errors import NotFoundError, ValidationFailedError
from central.kernel.ids import WebhookEndpointId
from central_client import WebhookVerificationError, webhooks
from support.place import Place
from support.webhooks import Receiver, endpoint_at, happened, make_sender, run_sql, send_due


def _fits(receiver: Receiver, secret: str) -> bool:
    request = receiver.requests[-1]
    try:
        webhooks.verify(request.body, request.headers, secret)
    except WebhookVerificationError as error:
        return error.code != "wrong_signature"
    return True


async def _signed_with(place: Place, receiver: Receiver, endpoint: WebhookEndpointId, *secrets: str) -> list[bool]:
    await place.owner.webhooks.ping(endpoint=endpoint)
    await send_due(await make_sender(place.stack))
    return [_fits(receiver, secret) for secret in secrets]


async def test_two_are_valid_for_a_while(place: Place, receiver: Receiver) -> None:
    """Bodies are signed with both until the old one ends; a third makes the first end at once."""
    endpoint, first = await endpoint_at(place.owner, receiver)
    second = await place.owner.webhooks.rotate_secret(endpoint=endpoint.id, overlap=timedelta(hours=1))
    new, old = second.endpoint.signing_secrets
    assert new.expires_at is None
    assert old.expires_at is not None
    assert timedelta(minutes=59) < old.expires_at - datetime.now(UTC) <= timedelta(hours=1)
    assert await _signed_with(place, receiver, endpoint.id, first, second.secret) == [True, True]
    third = await place.owner.webhooks.rotate_secret(endpoint=endpoint.id)
    assert len(third.endpoint.signing_secrets) == 2
    assert await _signed_with(place, receiver, endpoint.id, first, second.secret, third.secret) == [False, True, True]
    await run_sql(place, "UPDATE webhook_secrets SET expires_at = now() WHERE tenant_id = $1 AND expires_at > now()")
    assert await _signed_with(place, receiver, endpoint.id, first, second.secret, third.secret) == [False, False, True]
    assert len((await place.owner.webhooks.get_endpoint(endpoint=endpoint.id)).signing_secrets) == 1


async def test_one_that_leaked_ends_at_once(place: Place, receiver: Receiver) -> None:
    """Without an overlap nothing is signed with the old one any more."""
    endpoint, leaked = await endpoint_at(place.owner, receiver)
    new = await place.owner.webhooks.rotate_secret(endpoint=endpoint.id, overlap=timedelta(0))
    assert len(new.endpoint.signing_secrets) == 1
    assert await _signed_with(place, receiver, endpoint.id, leaked, new.secret) == [False, True]


async def test_secrets_differ_and_are_told_once(place: Place, receiver: Receiver) -> None:
    """Each is new, and in no event."""
    endpoint, first = await endpoint_at(place.owner, receiver)
    made = [(await place.owner.webhooks.rotate_secret(endpoint=endpoint.id)).secret for _ in range(3)]
    assert len({first, *made}) == 4
    rows = await run_sql(place, "SELECT payload::text AS text FROM outbox WHERE tenant_id = $1")
    assert not any(secret in row["text"] for secret in (first, *made) for row in rows)
    assert [event["kind"] for event in await happened(place)].count("webhook_endpoint.secret_rotated") == 3


async def test_wrong_input(place: Place, receiver: Receiver) -> None:
    """A week is the longest overlap; one that is not there is not found."""
    endpoint, _ = await endpoint_at(place.owner, receiver)
    for wrong in (timedelta(days=8), timedelta(seconds=-1)):
        with pytest.raises(ValidationFailedError):
            await place.owner.webhooks.rotate_secret(endpoint=endpoint.id, overlap=wrong)
    with pytest.raises(NotFoundError):
        await place.owner.webhooks.rotate_secret(endpoint=WebhookEndpointId.new())
