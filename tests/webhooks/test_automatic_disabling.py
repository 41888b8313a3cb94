"""An endpoint that does not answer is disabled by itself, and its tenant's owners are told."""

import asyncio
from datetime import timedelta

import pytest

from central.kernel.ids import EventId
from central.webhooks.events import WebhookEndpointDisabled
from central_server.infra.mail import MailRefusedError
from central_server.infra.outbox import BatchListener
from central_server.parts import make_listeners
from central_server.webhooks.mailing import WebhookMails
from support.http_server import Reply
from support.place import Place
from support.webhooks import Receiver, details, endpoint_at, happened, make_sender, run_sql, send_due

_LAST_TRY = (
    "UPDATE webhook_deliveries SET tries = 20, first_failed_at = now() - interval '25 hours', next_attempt_at = now()"
    " WHERE tenant_id = $1 AND state = 'waiting'"
)
_FAILING = "UPDATE webhook_endpoints SET failing_since = now() - $2::interval WHERE tenant_id = $1"


async def _fail_for_a_day(place: Place, receiver: Receiver, failing: timedelta) -> str:
    """Have the last attempt of a delivery fail, of an endpoint that has failed for so long; gives the endpoint."""
    endpoint, _ = await endpoint_at(place.owner, receiver)
    await place.owner.webhooks.ping(endpoint=endpoint.id)
    sender = await make_sender(place.stack)
    await send_due(sender)
    await run_sql(place, _LAST_TRY)
    await run_sql(place, _FAILING, failing)
    await send_due(sender)
    return endpoint.id


async def _disabled(place: Place) -> list[str]:
    return [event["kind"] for event in await happened(place) if event["kind"] == "webhook_endpoint.disabled"]


async def test_after_a_day_of_failures(place: Place, receiver: Receiver) -> None:
    """When all attempts of a day have failed and nothing has succeeded since, it is disabled, with one event."""
    receiver.always = Reply(500)
    id = await _fail_for_a_day(place, receiver, timedelta(hours=25.1))
    endpoint = await place.owner.webhooks.get_endpoint(endpoint=id)
    assert (endpoint.enabled, endpoint.disabled_reason) == (False, "failing")
    assert endpoint.failing_since is not None
    assert len(await _disabled(place)) == 1
    again = await place.owner.webhooks.enable_endpoint(endpoint=id)
    assert (again.enabled, again.failing_since) == (True, None)


async def test_a_success_in_between(place: Place, receiver: Receiver) -> None:
    """When something was taken since the first failure, the delivery is given up and the endpoint goes on."""
    receiver.always = Reply(500)
    id = await _fail_for_a_day(place, receiver, timedelta(hours=3))
    endpoint = await place.owner.webhooks.get_endpoint(endpoint=id)
    assert (endpoint.enabled, endpoint.disabled_reason) == (True, None)
    assert [d.state async for d in place.owner.webhooks.list_deliveries()] == ["failed"]
    assert await _disabled(place) == []


async def test_a_success_ends_the_failures(place: Place, receiver: Receiver) -> None:
    """The first failure is noted, and forgotten with the first success; the time of the last success is told."""
    receiver.replies = [Reply(500), Reply(500), Reply(200)]
    endpoint, _ = await endpoint_at(place.owner, receiver)
    sender, seen = await make_sender(place.stack), []
    for _ in range(3):
        await place.owner.webhooks.ping(endpoint=endpoint.id)
        await send_due(sender)
        seen.append(await place.owner.webhooks.get_endpoint(endpoint=endpoint.id))
    first, second, third = seen
    assert first.failing_since is not None
    assert (first.failing_since, first.last_success_at) == (second.failing_since, None)
    assert third.failing_since is None
    assert third.last_success_at is not None


async def test_gone(place: Place, receiver: Receiver) -> None:
    """410 disables it at once, once, however many answers say so, and nothing is tried again."""
    receiver.always = Reply(410)
    endpoint, _ = await endpoint_at(place.owner, receiver)
    deliveries = await asyncio.gather(*(place.owner.webhooks.ping(endpoint=endpoint.id) for _ in range(4)))
    sender = await make_sender(place.stack)
    await send_due(sender)
    seen = await place.owner.webhooks.get_endpoint(endpoint=endpoint.id)
    assert (seen.enabled, seen.disabled_reason) == (False, "gone")
    assert {(await details(place.owner, delivery)).state for delivery in deliveries} == {"failed"}
    assert len(await _disabled(place)) == 1
    assert sender.stats.disabled >= 1


async def _tell(place: Place) -> None:
    """Hand the event of a disabled endpoint to its listener, as a worker does."""
    (row,) = await run_sql(
        place, "SELECT payload FROM outbox WHERE tenant_id = $1 AND kind = 'webhook_endpoint.disabled'"
    )
    event = WebhookEndpointDisabled.model_validate_json(row["payload"])
    (listener,) = [each for each in make_listeners() if each.kind == event.kind]
    assert isinstance(listener, BatchListener)
    await (await place.stack.central.container.get(listener.handler)).handle(event)


class Sink:
    """Stands for the mail server: keeps mails, and refuses those to some."""

    host = "central.test"

    def __init__(self) -> None:
        self.mails: list[object] = []
        self.refused: set[str] = set()

    async def send(self, mail: object) -> None:
        if mail.to in self.refused:
            raise MailRefusedError("nobody there")
        self.mails.append(mail)


@pytest.fixture
async def sink(place: Place, monkeypatch: pytest.MonkeyPatch) -> Sink:
    """What mails of webhooks go to."""
    made = Sink()
    monkeypatch.setattr(await place.stack.central.container.get(WebhookMails), "mailer", made)
    return made


async def test_owners_are_told(place: Place, receiver: Receiver, sink: Sink) -> None:
    """Each owner gets a mail of their own, and nobody else; a repeat has the same Message-IDs, and no credential."""
    receiver.always = Reply(410)
    second = await place.user("owner")
    await place.user("admin")
    made = await place.owner.webhooks.create_endpoint(url=f"{receiver.url}?key=s3cret", description="The CRM")
    await place.owner.webhooks.ping(endpoint=made.endpoint.id)
    await send_due(await make_sender(place.stack))
    await _tell(place)
    await _tell(place)
    assert len(sink.mails) == 4
    assert {mail.to for mail in sink.mails} == {place.owner_user.email, second.email}
    assert len({mail.message_id for mail in sink.mails}) == 2
    for mail in sink.mails:
        for text in (mail.text, mail.html):
            assert "The CRM" in text
            assert made.endpoint.id in text
            assert "gone for good" in text
            assert "s3cret" not in text


async def test_one_refused_mail_stops_no_other(place: Place, receiver: Receiver, sink: Sink) -> None:
    """An owner whose address takes no mail keeps no other from theirs."""
    receiver.always = Reply(500)
    second = await place.user("owner")
    sink.refused = {place.owner_user.email}
    await _fail_for_a_day(place, receiver, timedelta(hours=25.1))
    await _tell(place)
    (mail,) = sink.mails
    assert mail.to == second.email
    assert "24 hours" in mail.text


async def test_nobody_is_told_of_what_somebody_did(place: Place, receiver: Receiver, sink: Sink) -> None:
    """Neither of one that was disabled by hand, nor of one that was enabled again meanwhile."""
    endpoint, _ = await endpoint_at(place.owner, receiver)
    await place.owner.webhooks.disable_endpoint(endpoint=endpoint.id)
    await _tell(place)
    await run_sql(place, "UPDATE webhook_endpoints SET disabled_reason = 'failing' WHERE tenant_id = $1")
    await place.owner.webhooks.enable_endpoint(endpoint=endpoint.id)
    await _tell(place)
    assert sink.mails == []
    mails = await place.stack.central.container.get(WebhookMails)
    await place.owner.webhooks.delete_endpoint(endpoint=endpoint.id)
    assert await mails.TX_tell_owners(place.tenant.id, endpoint.id, EventId.new()) == 0
