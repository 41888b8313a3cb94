from central.events.models import (
    AcknowledgeEventsInput,
    AcknowledgeEventsResponse,
    ListEventsInput,
    ListEventsResponse,
    ReadEventsInput,
    ReadEventsResponse,
)
from central.events.operations import ACKNOWLEDGE_EVENTS, LIST_EVENTS, READ_EVENTS
from central_server.events.service import EventService
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles


class EventRoutes:
    """Serves what happened."""

    def __init__(self, events: EventService) -> None:
        self.events = events

    @handles(LIST_EVENTS)
    async def list(self, input: ListEventsInput, actor: Actor) -> ListEventsResponse:
        return await self.events.list(input, actor)

    @handles(READ_EVENTS)
    async def read(self, input: ReadEventsInput, actor: Actor) -> ReadEventsResponse:
        return await self.events.TX_read(input, actor)

    @handles(ACKNOWLEDGE_EVENTS)
    async def acknowledge(self, input: AcknowledgeEventsInput, actor: Actor) -> AcknowledgeEventsResponse:
        return await self.events.TX_acknowledge(input, actor)
