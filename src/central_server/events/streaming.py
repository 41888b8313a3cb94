from collections.abc import AsyncGenerator, AsyncIterator
from time import monotonic

from central.errors import CentralError
from central.events.models import ReadEventsInput, ReadEventsResponse, StreamEventsInput
from central.kernel.ids import EventId
from central_server.events.policy import check_may_read
from central_server.events.service import EventService
from central_server.infra.actor import Actor
from central_server.infra.http.event_stream import BEGINNING, LONGEST, NOTHING_YET, written


class EventStreams:
    """The feed as server-sent events.

    Each event has its id, so that a browser that lost the connection goes on behind the last one it had. Whether the
    caller is still signed in, and may still read, is asked before anything is sent, not at the beginning alone. While
    nothing happens a comment comes every `wait` seconds; a reader that has gone is noticed by that.
    """

    def __init__(self, events: EventService, wait: int = 5) -> None:
        self.events = events
        self.wait = wait

    async def open(self, input: StreamEventsInput, actor: Actor) -> AsyncIterator[bytes]:
        """Begin a stream; `ForbiddenError` without `events:read`, `NotFoundError` for an event that is not there."""
        check_may_read(actor)
        first = await self.events.TX_read(_asked(input, input.after, wait=0), actor)
        return self._stream(input, first, actor)

    async def _stream(self, input: StreamEventsInput, page: ReadEventsResponse, actor: Actor) -> AsyncGenerator[bytes]:
        until, after = monotonic() + LONGEST, input.after
        yield BEGINNING
        while True:
            after = page.last or after
            yield _written(page)
            if monotonic() > until:
                return
            try:
                page = await self.events.TX_read(_asked(input, after, wait=self.wait), actor)
                actor = await actor.as_of_now()
                check_may_read(actor)
            except CentralError:
                return  # the reader asks again, and is told why as an answer of its own


def _asked(input: StreamEventsInput, after: EventId | None, *, wait: int) -> ReadEventsInput:
    return ReadEventsInput(after=after, consumer=input.consumer, kind=input.kind, limit=100, wait=wait)


def _written(page: ReadEventsResponse) -> bytes:
    """Write events, and up to where was read."""
    parts = [written(event.id, event.kind, event.model_dump_json()) for event in page.events]
    if page.last is not None:
        parts.append(f"id: {page.last}\n\n".encode())
    return b"".join(parts or [NOTHING_YET])
