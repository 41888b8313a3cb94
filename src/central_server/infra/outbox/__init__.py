"""The outbox: events written with what they tell of, and what brings them to those who listen."""

from central_server.infra.outbox.follower import Applies, Follower
from central_server.infra.outbox.handing import EventHandlers, HandingOver
from central_server.infra.outbox.listeners import (
    AnyListener,
    BatchListener,
    EventHandler,
    Listeners,
    Retries,
    WorkflowListener,
)
from central_server.infra.outbox.outbox import Outbox, outbox_insert_from
from central_server.infra.outbox.relay import Relay
from central_server.infra.outbox.settings import Backlog, RelaySettings, RelayStats
from central_server.infra.outbox.tables import CHANNEL, HANDOVERS, OUTBOX, DBFeedEvent, HandoverState

__all__ = [
    "CHANNEL",
    "HANDOVERS",
    "OUTBOX",
    "AnyListener",
    "Applies",
    "Backlog",
    "BatchListener",
    "DBFeedEvent",
    "EventHandler",
    "EventHandlers",
    "Follower",
    "HandingOver",
    "HandoverState",
    "Listeners",
    "Outbox",
    "Relay",
    "RelaySettings",
    "RelayStats",
    "Retries",
    "WorkflowListener",
    "outbox_insert_from",
]
