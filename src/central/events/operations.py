from central.access import SignedIn, TenantPermission
from central.errors import NotFoundError
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
from central.kernel.operation import BrowserRoute, Operation

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

GET_EVENT_RETENTION = Operation(
    "events.get_retention",
    "GET",
    "/v1/tenants/{tenant}/event-retention",
    GetEventRetentionInput,
    EventRetention,
    access=TenantPermission("events:read"),
    summary="Get for how long events are kept",
    errors=(NotFoundError,),
)
SET_EVENT_RETENTION = Operation(
    "events.set_retention",
    "PUT",
    "/v1/tenants/{tenant}/event-retention",
    SetEventRetentionInput,
    EventRetention,
    access=TenantPermission("tenant:write", fresh=True),
    summary="Set for how long events are kept",
    errors=(NotFoundError,),
    description="Events that are older are deleted within some hours, for good; those whose effects are not done yet "
    "stay until they are.",
)
STREAM_EVENTS = BrowserRoute(
    "events.stream",
    "GET",
    "/v1/tenants/{tenant}/events/stream",
    "What happens, as server-sent events: first what was missed, then what comes; for who holds `events:read`.",
    "signed_in",
    SignedIn(),
)

OPERATIONS = (LIST_EVENTS, READ_EVENTS, ACKNOWLEDGE_EVENTS, GET_EVENT_RETENTION, SET_EVENT_RETENTION)
