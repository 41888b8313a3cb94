import asyncio
from dataclasses import replace
from pathlib import Path

from temporalio.client import Client
from workflow_support import Core, words_of

from central_server.infra.embedded.ports import free_port
from central_server.infra.embedded.temporal import EmbeddedTemporal
from central_server.infra.outbox.specs import HAND_OVER, HandOverOutput
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from support.durable import running
from support.smtp import SmtpSink
from support.waiting import until


def message_ids(sink: SmtpSink) -> list[str]:
    return sorted(message["Message-ID"] for message in sink.messages)


async def test_code_is_mailed(core: Core, sink: SmtpSink, dispatcher: TemporalDispatcher):
    """Who asks for a code gets one mail, and the event its receipt."""
    async with running(core):
        event = await core.request_code()
        await core.settled(event)
        output = await dispatcher.result(HAND_OVER, await core.batch_of(event))
    assert output == HandOverOutput(handled=1, failed=0)
    assert message_ids(sink) == [f"<{event.id}@central.example>"]
    assert "012345" in sink.messages[0].as_string()


async def test_many_codes_are_few_workflows(core: Core, sink: SmtpSink, connection: TemporalConnection):
    """Sixty codes that were asked for at once are mailed by a handful of workflows, each code once."""
    events = [await core.request_code() for _ in range(60)]
    async with running(core):
        await core.settled(*events)
    assert message_ids(sink) == sorted(f"<{event.id}@central.example>" for event in events)
    assert len({await core.batch_of(event) for event in events}) <= 3


async def test_nobody_to_mail(core: Core, sink: SmtpSink):
    """For an address that nobody has, or one that the mail server refuses for good, the event is settled too."""
    sink.refuse = "550 no such user"
    async with running(core):
        refused = await core.request_code()
        await core.settled(refused)
        core.codes.nobody.add((unknown := await core.request_code()).sign_in_id)
        await core.settled(unknown)
    assert core.codes.calls == 2
    assert sink.messages == []


async def test_mail_server_comes_back(core: Core, sink: SmtpSink):
    """A mail that found no mail server arrives once there is one, once, under the Message-ID of its event."""
    sink.stop()
    async with running(core):
        event = await core.request_code()
        await until(core.tried_twice)
        with SmtpSink(sink.port) as later:
            await core.settled(event)
    assert message_ids(later) == [f"<{event.id}@central.example>"]


async def test_repeats_collapse(core: Core, sink: SmtpSink):
    """An event that relays start again and again is one workflow and one mail."""
    again = [core.relay(redrive=0.05, longest_redrive=0.05) for _ in range(2)]
    async with running(*again):
        event = await core.request_code()
        await asyncio.sleep(0.5)
        assert (await core.place.handover(event))["attempts"] > 3
        async with running(core):
            await core.settled(event)
    assert message_ids(sink) == [f"<{event.id}@central.example>"]
    assert core.codes.calls == 1


async def test_lost_receipt_repeats_the_mail(core: Core, sink: SmtpSink):
    """Dying between mail and receipt costs a repeat, which can be told by its Message-ID: at least once."""
    event = await core.request_code()
    async with core.without_receipts(), running(core):
        await until(core.tried_twice)
        await core.allow_receipts()
        await core.settled(event)
    assert len(sink.messages) >= 2
    assert set(message_ids(sink)) == {f"<{event.id}@central.example>"}


async def test_temporal_comes_back(core: Core, sink: SmtpSink, tmp_path: Path):
    """Events of a time without Temporal are mailed when it is there, and those that it forgot are started again."""
    server = EmbeddedTemporal(tmp_path / "temporal", port=(port := free_port()), durable=False)
    core = replace(core, connection=TemporalConnection(f"127.0.0.1:{port}"))

    async def all_dispatched() -> bool:
        return await core.place.states() == {"handed": 3}

    early = [await core.request_code() for _ in range(3)]
    stop = asyncio.Event()
    relaying = asyncio.create_task(core.relay(redrive=0.2).run(stop))
    await asyncio.sleep(0.3)
    assert await core.place.states() == {"pending": 3}
    async with server:
        await until(all_dispatched)
    stop.set()
    await relaying
    for file in (tmp_path / "temporal").glob("temporal.db*"):
        file.unlink()
    core = replace(
        core, settings=replace(core.settings, redrive=0.2), connection=TemporalConnection(f"127.0.0.1:{port}")
    )
    async with server, running(core):
        await core.settled(*early)
    assert message_ids(sink) == sorted(f"<{event.id}@central.example>" for event in early)


async def test_history_holds_ids_only(core: Core, sink: SmtpSink, connection: TemporalConnection):
    """Neither the code nor the address is in the workflow's history."""
    async with running(core):
        event = await core.request_code()
        await core.settled(event)
        client: Client = await connection.client()
        workflow = client.get_workflow_handle(await core.batch_of(event))
        await workflow.result()
        history = words_of(await workflow.fetch_history())
    assert "auth.mail_sign_in_code" in history
    assert "ada@example.com" not in history
    assert "012345" not in history
