from central.events.models import StreamEventsInput
from central.events.operations import STREAM_EVENTS
from central_server.events.streaming import EventStreams
from central_server.infra.actor import Actor
from central_server.infra.http.event_stream import event_stream
from central_server.infra.http.handles import serves
from central_server.infra.http.pages import BrowserRequest, BrowserResponse
from central_server.infra.http.reading import read_fields


class EventStreamRoutes:
    """Serves the feed as server-sent events."""

    def __init__(self, streams: EventStreams) -> None:
        self.streams = streams

    @serves(STREAM_EVENTS)
    async def stream(self, request: BrowserRequest) -> BrowserResponse:
        assert isinstance(request.caller, Actor), "the route says that it is for who is signed in"
        asked = read_fields(StreamEventsInput, {**request.query, **request.resumed("after"), **request.path})
        return event_stream(await self.streams.open(asked, request.caller))
