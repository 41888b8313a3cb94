from central.events.models import (
    AcknowledgeEventsInput,
    AcknowledgeEventsResponse,
    EventRetention,
    GetEventRetentionInput,
    ListEventsInput,
    ListEventsResponse,
    ReadEventsInput,
    ReadEventsResponse,
    SetEventRetentionInput,
)
from central.events.operations import (
    ACKNOWLEDGE_EVENTS,
    GET_EVENT_RETENTION,
    LIST_EVENTS,
    READ_EVENTS,
    SET_EVENT_RETENTION,
)
from central_server.events.retention import EventRetentionService
from central_server.events.service import EventService
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles


class EventRoutes:
    """Serves what happened."""

    def __init__(self, events: EventService, retention: EventRetentionService) -> None:
        self.events = events
        self.retention = retention

    @handles(LIST_EVENTS)
    async def list(self, input: ListEventsInput, actor: Actor) -> ListEventsResponse:
        return await self.events.list(input, actor)

    @handles(READ_EVENTS)
    async def read(self, input: ReadEventsInput, actor: Actor) -> ReadEventsResponse:
        return await self.events.TX_read(input, actor)

    @handles(ACKNOWLEDGE_EVENTS)
    async def acknowledge(self, input: AcknowledgeEventsInput, actor: Actor) -> AcknowledgeEventsResponse:
        return await self.events.TX_acknowledge(input, actor)

    @handles(GET_EVENT_RETENTION)
    async def get_retention(self, input: GetEventRetentionInput, actor: Actor) -> EventRetention:
        return await self.retention.get(actor)

    @handles(SET_EVENT_RETENTION)
    async def set_retention(self, input: SetEventRetentionInput, actor: Actor) -> EventRetention:
        return await self.retention.TX_set(input, actor)
