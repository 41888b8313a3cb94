from central.access import TenantPermission
from central.errors import NotFoundError
from central.events.models import (
    AcknowledgeEventsInput,
    AcknowledgeEventsResponse,
    ListEventsInput,
    ListEventsResponse,
    ReadEventsInput,
    ReadEventsResponse,
)
from central.kernel.operation import Operation

LIST_EVENTS = Operation(
    "events.list",
    "GET",
    "/v1/tenants/{tenant}/events",
    ListEventsInput,
    ListEventsResponse,
    access=TenantPermission("events:read"),
    summary="List what happened in a tenant by kind, actor, target or time, newest first",
    errors=(NotFoundError,),
)
READ_EVENTS = Operation(
    "events.read",
    "GET",
    "/v1/tenants/{tenant}/events/feed",
    ReadEventsInput,
    ReadEventsResponse,
    access=TenantPermission("events:read"),
    summary="Read on in the feed of events, and wait for news",
    errors=(NotFoundError,),
    description="Each event has a place in the feed that never changes, given when it was committed: nothing is "
    "skipped, in whatever order transactions end. An event comes once to whoever goes on behind the last one.",
)
ACKNOWLEDGE_EVENTS = Operation(
    "events.acknowledge",
    "PUT",
    "/v1/tenants/{tenant}/events/consumers/{consumer}",
    AcknowledgeEventsInput,
    AcknowledgeEventsResponse,
    access=TenantPermission("events:read"),
    summary="Keep up to where a consumer has read, so that it goes on from there",
    errors=(NotFoundError,),
)

OPERATIONS = (LIST_EVENTS, READ_EVENTS, ACKNOWLEDGE_EVENTS)
