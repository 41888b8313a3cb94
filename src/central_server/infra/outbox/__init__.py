"""The outbox: events written with what they tell of, and the relay that starts what listens to them."""

from central_server.infra.outbox.listeners import Listener, Listeners
from central_server.infra.outbox.outbox import Outbox, outbox_insert_from
from central_server.infra.outbox.relay import Relay
from central_server.infra.outbox.settings import RelaySettings, RelayStats
from central_server.infra.outbox.tables import CHANNEL, OUTBOX, OutboxState

__all__ = [
    "CHANNEL",
    "OUTBOX",
    "Listener",
    "Listeners",
    "Outbox",
    "OutboxState",
    "Relay",
    "RelaySettings",
    "RelayStats",
    "outbox_insert_from",
]
