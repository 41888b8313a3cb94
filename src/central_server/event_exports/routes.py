from central.event_exports.models import StartEventExportInput
from central.event_exports.operations import START_EVENT_EXPORT
from central.jobs.models import Job
from central_server.event_exports.service import EventExportService
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles


class EventExportRoutes:
    """Serves the operation on exports of events."""

    def __init__(self, exports: EventExportService) -> None:
        self.exports = exports

    @handles(START_EVENT_EXPORT)
    async def start(self, input: StartEventExportInput, actor: Actor) -> Job:
        return await self.exports.TX_start(input, actor)
