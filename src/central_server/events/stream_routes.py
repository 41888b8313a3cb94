from pydantic import ValidationError

from central.errors import ValidationFailedError
from central.events.models import StreamEventsInput
from central.events.operations import STREAM_EVENTS
from central_server.events.streaming import EventStreams
from central_server.infra.actor import Actor
from central_server.infra.http.handles import serves
from central_server.infra.http.pages import BrowserRequest, BrowserResponse

_HEADERS = ((b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"))


class EventStreamRoutes:
    """Serves the feed as server-sent events."""

    def __init__(self, streams: EventStreams) -> None:
        self.streams = streams

    @serves(STREAM_EVENTS)
    async def stream(self, request: BrowserRequest) -> BrowserResponse:
        assert isinstance(request.caller, Actor), "the route says that it is for who is signed in"
        content = await self.streams.open(_read(request), request.caller)
        return BrowserResponse(200, content_type="text/event-stream", headers=_HEADERS, content=content)


def _read(request: BrowserRequest) -> StreamEventsInput:
    """Read what is asked for; a browser that connects again says in a header which event it had last."""
    given = {**request.query, **request.path}
    if last := request.headers.get(b"last-event-id"):
        given["after"] = last.decode("latin-1")
    try:
        return StreamEventsInput.model_validate(given)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise ValidationFailedError.from_details(details) from None
