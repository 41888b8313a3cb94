from temporalio.client import Client
from workflow_support import Core, words_of

from central_server.infra.outbox.specs import HAND_OVER, HandOverOutput
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from support.durable import running
from support.smtp import SmtpSink
from support.waiting import until


def message_ids(sink: SmtpSink) -> list[str]:
    return sorted(message["Message-ID"] for message in sink.messages)


async def test_invitation_is_mailed(core: Core, sink: SmtpSink, dispatcher: TemporalDispatcher):
    """Who is invited gets one mail, and the event its receipt."""
    async with running(core):
        event = await core.request_invitation()
        await core.settled(event)
        output = await dispatcher.result(HAND_OVER, await core.batch_of(event))
    assert output == HandOverOutput(handled=1, failed=0)
    assert message_ids(sink) == [f"<{event.id}@central.example>"]
    assert "http://x/token" in sink.messages[0].as_string()


async def test_nothing_to_mail(core: Core, sink: SmtpSink):
    """An invitation that is over, and an address that the mail server refuses for good, settle the event too."""
    sink.refuse = "550 no such user"
    async with running(core):
        refused = await core.request_invitation()
        await core.settled(refused)
        core.invitations.over.add((over := await core.request_invitation()).invitation_id)
        await core.settled(over)
    assert sink.messages == []
    assert refused.invitation_id in core.invitations.given_up


async def test_mail_server_comes_back(core: Core, sink: SmtpSink):
    """A mail that found no mail server arrives once there is one, once, under the Message-ID of its event."""
    sink.stop()
    async with running(core):
        event = await core.request_invitation()
        await until(core.tried_twice)
        with SmtpSink(sink.port) as later:
            await core.settled(event)
    assert message_ids(later) == [f"<{event.id}@central.example>"]


async def test_lost_receipt_repeats_the_mail(core: Core, sink: SmtpSink):
    """Dying between mail and receipt costs a repeat, which can be told by its Message-ID: at least once."""
    event = await core.request_invitation()
    async with core.without_receipts(), running(core):
        await until(core.tried_twice)
        await core.allow_receipts()
        await core.settled(event)
    assert set(message_ids(sink)) == {f"<{event.id}@central.example>"}


async def test_history_holds_ids_only(core: Core, connection: TemporalConnection):
    """Neither the link nor the address is in the workflow's history."""
    async with running(core):
        event = await core.request_invitation()
        await core.settled(event)
        client: Client = await connection.client()
        workflow = client.get_workflow_handle(await core.batch_of(event))
        await workflow.result()
        history = words_of(await workflow.fetch_history())
    assert "invitations.mail_invitation" in history
    for secret in ("http://x/token", "ada@example.com", "Grace"):
        assert secret not in history
