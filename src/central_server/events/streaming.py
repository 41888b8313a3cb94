from collections.abc import AsyncGenerator, AsyncIterator
from time import monotonic
from typing import Final

from central.errors import CentralError, ForbiddenError
from central.events.models import ReadEventsInput, ReadEventsResponse, StreamEventsInput
from central.events.registry import AnyEvent
from central.kernel.ids import EventId
from central_server.auth.gate import SessionGate
from central_server.events.service import EventService
from central_server.infra.actor import Actor

_LONGEST: Final = 300.0
"""Seconds. A stream ends after this, and whoever reads it begins again where it was, perhaps at another server."""


class EventStreams:
    """The feed as server-sent events (WHATWG HTML, section 9.2).

    Each event has its id, so that a browser that lost the connection goes on behind the last one it had. Whether the
    caller is still signed in, and may still read, is asked before anything is sent, not at the beginning alone. While
    nothing happens a comment comes every `wait` seconds; a reader that has gone is noticed by that.
    """

    def __init__(self, events: EventService, gate: SessionGate, wait: int = 5) -> None:
        self.events = events
        self.gate = gate
        self.wait = wait

    async def open(self, input: StreamEventsInput, actor: Actor) -> AsyncIterator[bytes]:
        """Begin a stream; `ForbiddenError` without `events:read`, `NotFoundError` for an event that is not there."""
        _check_may_read(actor)
        first = await self.events.TX_read(_asked(input, input.after, wait=0), actor)
        return self._stream(input, first, actor)

    async def _stream(self, input: StreamEventsInput, page: ReadEventsResponse, actor: Actor) -> AsyncGenerator[bytes]:
        until, after = monotonic() + _LONGEST, input.after
        yield b"retry: 2000\n\n"
        while True:
            after = page.last or after
            yield _written(page)
            if monotonic() > until:
                return
            try:
                page = await self.events.TX_read(_asked(input, after, wait=self.wait), actor)
                actor = await self.gate.admit(actor, actor.tenant_id)
                _check_may_read(actor)
            except CentralError:
                return  # the reader asks again, and is told why as an answer of its own


def _check_may_read(actor: Actor) -> None:
    if "events:read" not in actor.permissions:
        raise ForbiddenError("Reading events takes the permission events:read.", code="permission_missing")


def _asked(input: StreamEventsInput, after: EventId | None, *, wait: int) -> ReadEventsInput:
    return ReadEventsInput(after=after, consumer=input.consumer, kind=input.kind, limit=100, wait=wait)


def _written(page: ReadEventsResponse) -> bytes:
    """Write events, and up to where was read; a comment where there is nothing, which keeps the connection alive."""
    parts = [_event(event) for event in page.events]
    if page.last is not None:
        parts.append(f"id: {page.last}\n\n")
    return "".join(parts or [": nothing yet\n\n"]).encode()


def _event(event: AnyEvent) -> str:
    return f"id: {event.id}\nevent: {event.kind}\ndata: {event.model_dump_json()}\n\n"
