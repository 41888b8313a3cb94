from central.jobs.models import StreamJobInput
from central.jobs.operations import STREAM_JOB
from central_server.infra.actor import Actor
from central_server.infra.http.event_stream import event_stream
from central_server.infra.http.handles import serves
from central_server.infra.http.pages import BrowserRequest, BrowserResponse
from central_server.infra.http.reading import read_fields
from central_server.jobs.streaming import JobStreams


class JobStreamRoutes:
    """Serves jobs as server-sent events."""

    def __init__(self, streams: JobStreams) -> None:
        self.streams = streams

    @serves(STREAM_JOB)
    async def stream(self, request: BrowserRequest) -> BrowserResponse:
        assert isinstance(request.caller, Actor), "the route says that it is for who is signed in"
        given = {**request.query, **request.resumed("knownVersion"), **request.path}
        content = await self.streams.open(read_fields(StreamJobInput, given), request.caller)
        # Without an answer that has no content, a browser would come back again and again.
        return BrowserResponse(204) if content is None else event_stream(content)
