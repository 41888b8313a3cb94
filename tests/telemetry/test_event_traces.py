"""A mail and a job can be followed to the request that asked for them, through outbox, Temporal and worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from central.kernel.events import Event
from central_server.auth.handlers import MailSignInCode
from central_server.container import resolve
from central_server.infra.outbox import Relay
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.spec import Queue
from central_server.worker.parts import WorkerParts
from central_server.worker.run import ACTIVITIES, run_worker
from support.collector import Told, Traced
from support.importing import queued


@asynccontextmanager
async def working(traced: Traced) -> AsyncIterator[None]:
    """Run a core worker of the same parts as the API's."""
    container, stop = traced.stack.central.container, asyncio.Event()
    activities = await resolve(container, ACTIVITIES[Queue.CORE])
    parts = WorkerParts(await container.get(TemporalConnection), activities, await container.get(Relay))
    running = asyncio.create_task(run_worker(Queue.CORE, parts, stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def test_an_event_names_the_span_that_wrote_it(traced: Traced):
    """An event keeps the span of the request in which it was written."""
    user = await traced.place.user()
    request = await traced.last("users.create")
    page = await traced.place.owner.events.list(target=user.id).first_page()
    (event,) = page.events
    assert isinstance(event, Event)
    assert event.traceparent is not None
    assert event.traceparent.startswith(f"00-{request.trace}-{request.id}-")


async def test_a_mail_leads_to_its_request(traced: Traced):
    """The handling of an event in a batch is linked to the request that wrote it, and holds its statements."""
    async with working(traced):
        await traced.place.anonymous().auth.start_email_code(email=str(traced.place.owner_user.email))
        request = await traced.last("auth.start_email_code")

        def is_ours(span: Told) -> bool:
            return span.links == (request.trace,)

        handled = await traced.wait_for("handle auth.mail_sign_in_code", is_ours)
    assert handled.trace != request.trace
    assert not handled.is_error
    activities = await traced.named("RunActivity:events.hand_over")
    assert handled.parent in {span.id for span in activities}
    assert await traced.children(handled)


async def test_a_job_goes_on_in_its_request_s_trace(traced: Traced):
    """A workflow that one event asks for, and its activity, are part of the trace of the request."""
    async with working(traced):
        job = await queued(traced.place, [{"email": f"row@{traced.place.domain}"}])
        asked = await traced.last("users.run_import")
        await traced.place.owner.jobs.wait(job=job.id, timeout=30)
        run = await traced.wait_for("RunActivity:users.import", lambda span: span.trace == asked.trace)
    assert {span.name for span in await traced.children(run)} >= {"BEGIN", "SELECT jobs", "INSERT outbox", "COMMIT"}
    started = await traced.named("StartWorkflow:users.import")
    assert asked.id in {span.parent for span in started}


async def test_a_handler_that_fails_is_told_without_its_words(traced: Traced, monkeypatch: pytest.MonkeyPatch):
    """The span of a failed handling has the error's type; a message may name a person."""

    async def fail(*_: object) -> None:
        raise ValueError("words-of-a-handler")

    monkeypatch.setattr(MailSignInCode, "handle", fail)
    async with working(traced):
        await traced.place.anonymous().auth.start_email_code(email=str(traced.place.owner_user.email))
        failed = await traced.wait_for("handle auth.mail_sign_in_code", lambda span: span.is_error)
    assert failed.attributes["error.type"] == "ValueError"
    assert b"words-of-a-handler" not in traced.collector.bytes
