"""Sending: what goes over the wire, when it is tried again, and that slowness and crashes are nobody else's trouble."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import monotonic
from typing import Any

import pytest

from central.webhooks.models import WebhookDelivery
from central_client import webhooks
from central_server.infra.db import Database
from central_server.infra.outbound import OutboundClient
from central_server.metrics import WebhookCollector
from central_server.webhooks.claiming import Claimed, ClaimLimits, DeliveryClaims
from central_server.webhooks.queries.sending import CLAIM, LOCK_CLAIMS
from central_server.webhooks.recording import Attempt
from central_server.webhooks.requests import WebhookRequests
from support.http_server import Reply
from support.network import FakeResolver, Rerouted
from support.place import Place, Stack, make_place
from support.waiting import until
from support.webhooks import (
    Receiver,
    details,
    endpoint_at,
    make_due,
    make_sender,
    plan,
    run_sql,
    send_due,
    sending,
)


async def pinged(place: Place, receiver: Receiver) -> WebhookDelivery:
    endpoint, _ = await endpoint_at(place.owner, receiver)
    return await place.owner.webhooks.ping(endpoint=endpoint.id)


async def flood(place: Place, receiver: Receiver, count: int) -> list[WebhookDelivery]:
    endpoint, _ = await endpoint_at(place.owner, receiver)
    return await place.owner.gather((place.owner.webhooks.ping(endpoint=endpoint.id) for _ in range(count)), limit=8)


# Trying again


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
async def test_what_is_not_taken_is_tried_again(place: Place, receiver: Receiver, status: int) -> None:
    """Under the same id with the same body, but signed anew with the time of this attempt."""
    receiver.replies = [Reply(status)]
    endpoint, secret = await endpoint_at(place.owner, receiver)
    delivery, sender = await place.owner.webhooks.ping(endpoint=endpoint.id), await make_sender(place.stack)
    await send_due(sender)
    assert await send_due(sender) == 0, "not at once"
    await asyncio.sleep(1.1)
    await make_due(place)
    await send_due(sender)
    first, second = receiver.requests
    assert first.body == second.body
    assert receiver.ids == [delivery.event_id] * 2
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    for request in (first, second):
        assert webhooks.verify(request.body, request.headers, secret).id == delivery.event_id
    assert (await details(place.owner, delivery)).state == "delivered"


async def test_nobody_answers(place: Place) -> None:
    """A receiver that is away, or breaks the connection, is tried again; the reason is told without what we know."""
    async with Receiver() as away:
        delivery = await pinged(place, away)
    await send_due(await make_sender(place.stack))
    (attempt,) = (await details(place.owner, delivery)).attempts
    assert (attempt.status, attempt.error, attempt.answer) == (None, "connect_failed", "")
    assert (await details(place.owner, delivery)).state == "waiting"


async def test_a_receiver_that_is_too_slow(place: Place) -> None:
    """Whoever has not answered in time has not taken it; the attempt took no longer than that."""

    class Hasty(WebhookRequests):
        def __init__(self, *parts: Any) -> None:
            super().__init__(*parts)
            self.seconds = 0.3

    async with Receiver(delay=30) as slow:
        delivery = await pinged(place, slow)
        await send_due(await make_sender(place.stack, requests=Hasty))
    (attempt,) = (await details(place.owner, delivery)).attempts
    assert (attempt.status, attempt.error) == (None, "timeout")
    assert 300 <= attempt.duration_ms < 3000


async def _waits(place: Place) -> float:
    (row,) = await run_sql(
        place,
        "SELECT extract(epoch FROM next_attempt_at - now())::float AS waits FROM webhook_deliveries"
        " WHERE tenant_id = $1",
    )
    return float(row["waits"])


async def test_retry_after_is_obeyed(place: Place, receiver: Receiver) -> None:
    """In seconds or as a date, up to six hours."""
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    receiver.replies = [Reply(503, b"", {"retry-after": text}) for text in ("1800", date, "999999999999", "soon")]
    delivery, sender = await pinged(place, receiver), await make_sender(place.stack)
    for least, most in ((1790, 1801), (580, 601), (21590, 21601), (0, 330)):
        await send_due(sender)
        assert least <= await _waits(place) <= most
        await make_due(place)
    assert (await details(place.owner, delivery)).state == "waiting"


async def test_the_day_ends(place: Place, receiver: Receiver) -> None:
    """After 24 hours and several tries it is given up; until then it is not, however often it was tried."""
    receiver.always = Reply(500)
    delivery, sender = await pinged(place, receiver), await make_sender(place.stack)
    await send_due(sender)
    for hours, tries, state in ((23, 20, "waiting"), (25, 2, "waiting"), (25, 20, "failed")):
        await run_sql(
            place,
            "UPDATE webhook_deliveries SET tries = $2, first_failed_at = now() - make_interval(hours => $3),"
            " next_attempt_at = now() WHERE tenant_id = $1",
            tries,
            hours,
        )
        await send_due(sender)
        assert (await details(place.owner, delivery)).state == state, (hours, tries)
    seen = await details(place.owner, delivery)
    assert (seen.last_status, seen.last_error, seen.attempt_count) == (500, "bad_status", 4)
    assert await send_due(sender) == 0


async def test_an_event_that_is_kept_no_longer(place: Place, receiver: Receiver) -> None:
    """Its delivery fails for good, without a request, and says why; the endpoint is none the worse."""
    delivery = await pinged(place, receiver)
    await run_sql(place, "DELETE FROM outbox WHERE tenant_id = $1 AND kind = 'webhook.ping'")
    await send_due(await make_sender(place.stack))
    seen = await details(place.owner, delivery)
    assert (seen.state, seen.last_error, receiver.requests) == ("failed", "event_gone", [])
    assert (await place.owner.webhooks.get_endpoint(endpoint=delivery.endpoint_id)).enabled


# Where requests go


async def test_redirects_are_not_followed(place: Place, receiver: Receiver) -> None:
    """A redirect is no success, and what it names is not called."""
    async with Receiver() as canary:
        receiver.replies = [Reply(status, b"", {"location": canary.url}) for status in (301, 302, 307, 308)]
        delivery, sender = await pinged(place, receiver), await make_sender(place.stack)
        for _ in range(4):
            await send_due(sender)
            await make_due(place)
        assert canary.requests == []
    seen = await details(place.owner, delivery)
    assert [(attempt.status, attempt.error) for attempt in seen.attempts] == [
        (status, "redirect_refused") for status in (308, 307, 302, 301)
    ]


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"])
async def test_names_that_lead_inside(place: Place, address: str) -> None:
    """A name is judged by what it resolves to at the moment of sending: nothing of ours is called."""
    made = await place.owner.webhooks.create_endpoint(url="https://hooks.example/")
    delivery = await place.owner.webhooks.ping(endpoint=made.endpoint.id)
    async with Receiver() as canary:
        network = Rerouted(canary.server.port)
        async with OutboundClient(resolver=FakeResolver([address]), network=network) as outbound:
            await send_due(await make_sender(place.stack, outbound=outbound))
        assert (canary.requests, network.dialled) == ([], [])
    (attempt,) = (await details(place.owner, delivery)).attempts
    assert (attempt.error, attempt.answer) == ("address_refused", "")


async def test_plain_http_outside_development(place: Place, receiver: Receiver) -> None:
    """An endpoint that development took is not called by a server that is none of it."""
    delivery = await pinged(place, receiver)
    async with OutboundClient() as outbound:
        await send_due(await make_sender(place.stack, outbound=outbound))
    (attempt,) = (await details(place.owner, delivery)).attempts
    assert (attempt.error, receiver.requests) == ("not_https", [])


# Crashes and several senders


class Crashing(WebhookRequests):
    """Makes its requests, and dies before anything is recorded."""

    async def send(self, claimed: Claimed) -> Attempt:
        await super().send(claimed)
        raise SystemError


async def test_a_crash_between_sending_and_recording(place: Place, receiver: Receiver) -> None:
    """What was sent and not recorded is sent again when the lease has run out, not before, under the same id."""
    delivery = await pinged(place, receiver)
    dying = await make_sender(place.stack, requests=Crashing)
    await send_due(dying)
    assert dying.stats.errors == 1
    sender = await make_sender(place.stack)
    assert await send_due(sender) == 0, "the lease runs"
    await make_due(place)
    assert await send_due(sender) == 1
    assert receiver.ids == [delivery.event_id] * 2
    seen = await details(place.owner, delivery)
    assert (seen.state, seen.attempt_count, [attempt.number for attempt in seen.attempts]) == ("delivered", 2, [2])


async def test_one_that_never_comes_to_an_end(place: Place, receiver: Receiver) -> None:
    """Whatever kills its sender time after time is given up at last."""
    delivery = await pinged(place, receiver)
    await run_sql(place, "UPDATE webhook_deliveries SET tries = 50 WHERE tenant_id = $1")
    await send_due(await make_sender(place.stack))
    seen = await details(place.owner, delivery)
    assert (seen.state, seen.last_error, receiver.requests) == ("failed", "interrupted", [])


async def test_a_lease_that_was_too_short(place: Place) -> None:
    """Of two senders that had the same delivery the later one decides, and both attempts are told."""
    async with Receiver(Reply(500), Reply(200), delay=0.4) as slow:
        delivery = await pinged(place, slow)
        first, second = [await make_sender(place.stack) for _ in range(2)]
        await first.TX_pass()
        await make_due(place)
        await asyncio.sleep(0.1)
        await second.TX_pass()
        await asyncio.gather(first.finish(), second.finish())
    seen = await details(place.owner, delivery)
    assert (seen.state, seen.last_status, [attempt.status for attempt in seen.attempts]) == (
        "delivered",
        200,
        [200, 500],
    )


async def test_two_senders_send_each_once(place: Place, receiver: Receiver) -> None:
    """Of a hundred deliveries each is claimed by one of two senders that run at the same time."""
    deliveries = await flood(place, receiver, 100)
    senders = [await make_sender(place.stack, per_endpoint=20, per_tenant=20) for _ in range(2)]
    async with sending(*senders):
        await until(lambda: _all_ended(place), 60)
    assert Counter(receiver.ids) == Counter(delivery.event_id for delivery in deliveries)
    assert sum(sender.stats.delivered for sender in senders) == 100


async def _all_ended(place: Place) -> bool:
    return not [d async for d in place.owner.webhooks.list_deliveries(state="waiting")]


async def test_two_passes_at_the_same_moment(place: Place, receiver: Receiver) -> None:
    """However many senders claim at once, each delivery is claimed once, and the limits hold for all together."""
    await flood(place, receiver, 30)
    receiver.delay = 0.3
    senders = [await make_sender(place.stack, per_endpoint=5, per_tenant=7) for _ in range(6)]
    counts = await asyncio.gather(*(sender.TX_pass() for sender in senders))
    await asyncio.gather(*(sender.finish() for sender in senders))
    assert sum(counts) == 5
    assert receiver.most_under_way == 5
    assert len(set(receiver.ids)) == len(receiver.ids) == 5


async def test_limits_hold_while_another_claims(place: Place, receiver: Receiver) -> None:
    """Whoever claims waits for who is claiming: what came due meanwhile does not go beyond the limit."""
    endpoint, _ = await endpoint_at(place.owner, receiver)
    for _ in range(3):
        await place.owner.webhooks.ping(endpoint=endpoint.id)
    database, claims = [await place.stack.central.container.get(kind) for kind in (Database, DeliveryClaims)]
    async with database.platform_write("tests claim") as tx:
        await tx.first(LOCK_CLAIMS)
        taken = await tx.all(CLAIM, most=10, per_endpoint=3, per_tenant=3, lease=60.0)
        urgent = await place.owner.webhooks.ping(endpoint=endpoint.id)
        await run_sql(
            place,
            "UPDATE webhook_deliveries SET next_attempt_at = now() - interval '1 hour'"
            " WHERE tenant_id = $1 AND id = $2",
            urgent.id.uuid,
        )
        other = asyncio.create_task(claims.TX_claim(10, ClaimLimits(per_endpoint=3, per_tenant=3)))
        await asyncio.sleep(0.5)
    assert (len(taken), await other) == (3, [])


async def test_a_tenants_limit(place: Place) -> None:
    """Several endpoints of a tenant share its limit, and each gets its turn."""
    async with Receiver(delay=0.2) as one, Receiver(delay=0.2) as another:
        await flood(place, one, 10)
        await flood(place, another, 10)
        sender = await make_sender(place.stack, per_endpoint=5, per_tenant=6)
        assert await send_due(sender) == 6
        assert (len(one.requests), len(another.requests)) == (3, 3)


async def test_a_slow_tenant_delays_nobody(stack: Stack, place: Place, other_place: Place) -> None:
    """While one tenant's receiver hangs under hundreds of deliveries, another's are there at once."""
    async with Receiver(delay=5) as hanging, Receiver() as quick:
        await flood(place, hanging, 200)
        sender = await make_sender(stack, concurrency=20)
        async with sending(sender):
            await hanging.got(4)
            begun = monotonic()
            await flood(other_place, quick, 20)
            await quick.got(20)
            seconds = monotonic() - begun
            assert len(hanging.requests) == 4
    assert seconds < 4


async def test_every_tenant_has_its_turn(stack: Stack) -> None:
    """With little room, one of each tenant comes before the second of any, whoever has waited longest."""
    places = [await make_place(stack) for _ in range(4)]
    async with Receiver() as receiver:
        for place in places:
            await flood(place, receiver, 10 if place is places[0] else 1)
        sender = await make_sender(stack, concurrency=4)
        assert await send_due(sender) == 4
        tenants = {webhook_tenant(request.body) for request in receiver.requests}
    assert tenants == {place.tenant.id for place in places}


def webhook_tenant(body: bytes) -> str:
    tenant: str = json.loads(body)["tenantId"]
    return tenant


async def test_a_sender_finishes_what_it_began(place: Place) -> None:
    """When it is told to stop, a request that is under way is brought to its end and recorded."""
    async with Receiver(delay=0.5) as slow:
        delivery = await pinged(place, slow)
        async with sending(await make_sender(place.stack)):
            await slow.got(1)
    assert (await details(place.owner, delivery)).state == "delivered"


async def test_news_wakes_a_sender(place: Place, receiver: Receiver) -> None:
    """A sender that rests for long sends at once what is planned or asked for."""
    endpoint, _ = await endpoint_at(place.owner, receiver, "user.created", "webhook.ping")
    sender = await make_sender(place.stack, poll=60.0)
    async with sending(sender):
        await asyncio.sleep(0.3)
        await place.owner.webhooks.ping(endpoint=endpoint.id)
        await receiver.got(1, 5)
        await place.user()
        await plan(place)
        await receiver.got(2, 5)


async def test_the_database_is_away_for_a_while(
    place: Place, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender outlives what fails in a pass, and goes on."""
    delivery, sender = await pinged(place, receiver), await make_sender(place.stack)
    claim, failures = sender._claims.TX_claim, 3

    async def failing(*given: Any) -> Any:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise OSError("away")
        return await claim(*given)

    monkeypatch.setattr(sender._claims, "TX_claim", failing)
    async with sending(sender):
        await receiver.got(1)
    assert (await details(place.owner, delivery)).state == "delivered"


async def test_what_is_counted(place: Place, receiver: Receiver) -> None:
    """Deliveries, failures and what is due are told to Prometheus."""
    receiver.replies = [Reply(200), Reply(500)]
    endpoint, _ = await endpoint_at(place.owner, receiver)
    for _ in range(3):
        await place.owner.webhooks.ping(endpoint=endpoint.id)
    sender = await make_sender(place.stack, per_endpoint=2)
    await send_due(sender)
    await run_sql(
        place,
        "UPDATE webhook_deliveries SET next_attempt_at = now() - interval '90 seconds'"
        " WHERE tenant_id = $1 AND attempts = 0",
    )
    await sender.measure()
    told = {metric.name: metric.samples[0].value for metric in WebhookCollector(sender).collect()}
    assert told["central_webhook_delivered"] == 1
    assert told["central_webhook_failed"] == 1
    assert told["central_webhook_waiting"] == 1
    assert 89 <= told["central_webhook_lag_seconds"] <= 120
