"""Spans of what goes round by itself, such as the relay and senders; none while there is no work."""

from collections.abc import AsyncIterator, Sequence
from secrets import token_hex
from time import time_ns

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from test_event_traces import working

from central.errors import UnavailableError
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.outbox import DBFeedEvent, Follower, Listeners, Relay
from central_server.infra.rate_limits.settled import SettledBuckets
from central_server.infra.telemetry import Traces
from central_server.infra.telemetry.otel import OpenTelemetryTraces
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.sessions.touches import SessionTouches
from central_server.webhooks.planning import FOLLOWER, DeliveryPlanner
from central_server.webhooks.sending import WebhookSender
from support.collector import Traced
from support.http_server import Reply
from support.webhooks import Receiver, endpoint_at, send_due


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as made:
        yield made


async def relayed(traced: Traced) -> Relay:
    """Give the relay, with everything until now in the feed and what listens started."""
    relay = await traced.stack.central.container.get(Relay)
    before = None
    while before != (before := (relay.stats.placed, relay.stats.dispatched)):
        await relay.TX_pass()
    return relay


async def follower(traced: Traced, name: str, work: DeliveryPlanner | None = None) -> Follower:
    """Give a follower with everything until now behind it."""
    get = traced.stack.central.container.get
    made = Follower(await get(Database), name, work or await get(DeliveryPlanner), traces=await get(Traces))
    while await made.TX_pass():
        pass
    return made


async def test_a_pass_of_the_relay_is_told_whole(traced: Traced):
    """What found events is one span, with counts, and with its statements from the first on."""
    relay = await relayed(traced)
    await traced.place.user()
    began = time_ns()
    await relay.TX_pass()
    span = await traced.last("relay events")
    assert (span.attributes["central.placed"], span.attributes["central.failed"]) == (1, 0)
    assert (span.parent, span.is_error) == ("", False)
    inside = await traced.children(span)
    assert [each.name for each in inside][:3] == ["BEGIN", "SELECT", "UPDATE outbox"]
    assert "COMMIT" in {each.name for each in inside}
    assert began <= span.began <= min(each.began for each in inside)
    assert max(each.ended for each in inside) <= span.ended <= time_ns()


async def test_passes_without_work_are_not_told(traced: Traced):
    """The relay, a follower and a sender that find nothing make no span, nor do their statements."""
    relay, following = await relayed(traced), await follower(traced, FOLLOWER)
    sender = await traced.stack.central.container.get(WebhookSender)
    await send_due(sender)
    before = list(await traced.spans())
    for one in (relay, following, sender):
        await one.TX_pass()
    assert [span.name for span in await traced.since(before)] == []


async def test_a_pass_that_fails_before_it_found_work_is_not_told(traced: Traced, monkeypatch: pytest.MonkeyPatch):
    """While the database is away no pass makes spans: they would be ten in a second."""
    relay = await relayed(traced)

    async def fail(*_: object) -> int:
        raise UnavailableError("away", code="database_unavailable")

    monkeypatch.setattr(Relay, "_place", fail)
    before = list(await traced.spans())
    with pytest.raises(UnavailableError):
        await relay.TX_pass()
    assert await traced.since(before) == []


async def test_a_batch_is_a_trace_of_its_own(traced: Traced):
    """What a listener is given is told from the start of its workflow to the handling, and linked to the pass."""
    async with working(traced):
        await traced.place.anonymous().auth.start_email_code(email=str(traced.place.owner_user.email))
        request = await traced.last("auth.start_email_code")
        handled = await traced.wait_for("handle auth.mail_sign_in_code", lambda span: span.links == (request.trace,))
        batch = await traced.wait_for("hand over auth.mail_sign_in_code", lambda span: span.trace == handled.trace)
        passes = await traced.named("relay events")
    assert (batch.parent, batch.attributes["messaging.batch.message_count"]) == ("", 1)
    assert batch.links[0] in {span.trace for span in passes}
    assert batch.trace not in {span.trace for span in passes}
    assert "StartWorkflow:events.hand_over" in {span.name for span in await traced.children(batch)}


async def test_a_follower_tells_what_it_read(traced: Traced, receiver: Receiver):
    """What a follower does in one go is one span, with the statements of its work."""
    endpoint, _ = await endpoint_at(traced.place.owner, receiver, "user.created")
    await relayed(traced)
    following = await follower(traced, FOLLOWER)
    await traced.place.user()
    await relayed(traced)
    await following.TX_pass()
    span = await traced.last(f"follow {FOLLOWER}")
    assert (span.attributes, span.parent) == ({"central.read": 1}, "")
    names = [each.name for each in await traced.children(span)]
    assert names[:3] == ["BEGIN", "INSERT event_followers", "SELECT event_followers"]
    assert {"INSERT webhook_deliveries", "UPDATE event_followers", "COMMIT"} <= set(names)
    await traced.place.owner.webhooks.delete_endpoint(endpoint=endpoint.id)


async def test_work_that_fails_is_told_without_words(traced: Traced):
    """A pass that had found something and failed is an error by its type."""

    class Away(DeliveryPlanner):
        async def apply(self, events: Sequence[DBFeedEvent], executor: WriteExecutor) -> None:
            raise UnavailableError("canarywords", code="database_unavailable")

    name = f"tests.{token_hex(4)}"
    get = traced.stack.central.container.get
    away = Follower(await get(Database), name, Away(), traces=await get(Traces))
    await traced.place.user()
    await relayed(traced)
    with pytest.raises(UnavailableError):
        await away.TX_pass()
    span = await traced.last(f"follow {name}")
    assert (span.is_error, span.attributes["error.type"]) == (True, "UnavailableError")
    assert "ROLLBACK" in {each.name for each in await traced.children(span)}
    assert b"canarywords" not in traced.collector.bytes


@pytest.mark.parametrize(
    ("reply", "outcome", "error"),
    [(Reply(200, b"canaryanswer"), "delivered", None), (Reply(503, b"canaryanswer"), "put_back", "bad_status")],
)
async def test_an_attempt_to_deliver_leads_to_its_request(
    traced: Traced, receiver: Receiver, reply: Reply, outcome: str, error: str | None
):
    """Each attempt is a span, linked to the request that wrote the event, with the request to others inside of it."""
    receiver.replies = [reply]
    made = await traced.place.owner.webhooks.create_endpoint(url=f"{receiver.url}/canarypath", kinds=["webhook.ping"])
    await traced.place.owner.webhooks.ping(endpoint=made.endpoint.id)
    request = await traced.last("webhooks.ping")
    assert await send_due(await traced.stack.central.container.get(WebhookSender)) == 1
    span = await traced.last("deliver webhook")
    assert (span.links, span.parent, span.is_error) == ((request.trace,), "", error is not None)
    assert span.attributes == {
        "messaging.system": "central",
        "messaging.operation.type": "send",
        "central.attempt": 1,
        "central.outcome": outcome,
    } | ({} if error is None else {"error.type": error})
    names = {each.name for each in await traced.children(span)}
    assert {"POST 127.0.0.1", "UPDATE webhook_deliveries", "INSERT webhook_attempts", "COMMIT"} <= names
    claim = await traced.last("claim webhooks")
    assert claim.attributes == {"central.claimed": 1}
    assert claim.trace != span.trace
    told = traced.collector.bytes
    for word in (b"canary", str(made.endpoint.id).encode(), str(made.endpoint.id.uuid).encode()):
        assert word not in told
    await traced.place.owner.webhooks.delete_endpoint(endpoint=made.endpoint.id)


async def test_loops_of_the_api_tell_what_they_wrote(traced: Traced):
    """Times of last use, and what the copies of rate limits owe, are told when they are written, by their number."""
    get = traced.stack.central.container.get
    touches = await get(SessionTouches)
    touches.add(traced.place.tenant.id, (await traced.place.owner.sessions.list_mine().first_page()).sessions[0].id)
    await touches.flush()
    span = await traced.last("note last use")
    assert (span.attributes["central.sessions"] >= 1, span.parent) == (True, "")
    assert await traced.children(span)
    await (await get(SettledBuckets)).settle()
    span = await traced.last("settle rate limits")
    assert (span.attributes["central.buckets"] >= 1, span.parent) == (True, "")
    assert await traced.children(span)


@pytest.mark.parametrize(("sampler", "kept"), [("always_on", True), ("always_off", False)])
async def test_the_sampler_decides_on_a_pass_and_its_statements(
    traced: Traced, monkeypatch: pytest.MonkeyPatch, sampler: str, *, kept: bool
):
    """Where the sampler drops a pass, its statements are dropped with it, those before it had found work included."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    exporter = InMemorySpanExporter()
    traces = OpenTelemetryTraces(exporter)
    await relayed(traced)
    await traced.place.user()
    get = traced.stack.central.container.get
    database = Database(traced.stack.settings.database_url.get_secret_value(), wrap=traces.connection)
    await database.start()
    relay = Relay(database, await get(TemporalDispatcher), await get(Listeners), traces=traces)
    await relay.TX_pass()
    await database.close()
    traces.close()
    assert relay.stats.placed == 1
    names = {span.name for span in exporter.get_finished_spans()}
    assert ({"relay events", "BEGIN", "UPDATE outbox", "COMMIT"} <= names, bool(names)) == (kept, kept)
