from enum import StrEnum
from typing import Any, Final, TypedDict

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, Sequence, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import EventId, TenantId, UserId
from central_server.infra.db import METADATA, RichIdColumn, created_at, tenant_id_column, text_enum

CHANNEL: Final = "central_outbox"


class OutboxState(StrEnum):
    """Where an event is: to be handed on, handed on, settled by its receipt, or given up."""

    PENDING = "pending"
    DISPATCHED = "dispatched"
    DONE = "done"
    DEAD = "dead"


class DBClaimedEvent(TypedDict):
    """An event that a relay has taken on; `attempts` counts this one."""

    id: EventId
    tenant_id: TenantId
    kind: str
    payload: dict[str, Any]
    attempts: int


class DBPlacedEvent(TypedDict):
    """An event that was put into the feed, and whether somebody listens to its kind."""

    heard: bool


class DBBacklog(TypedDict):
    """The events that wait, and for how many seconds the oldest has."""

    waiting: int
    oldest: float


OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", RichIdColumn(EventId), primary_key=True),
    tenant_id_column(),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    created_at(),
    Column("state", text_enum(OutboxState), nullable=False, server_default=OutboxState.PENDING.value),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("dispatched_at", DateTime(timezone=True)),
    Column("done_at", DateTime(timezone=True)),
    Column("last_error", Text),
    Column("actor", RichIdColumn(UserId)),
    Column("target", Text),
    Column("position", BigInteger),
    Index("ix_outbox_position", "tenant_id", "position"),
    Index("ix_outbox_unplaced", "created_at", postgresql_where=text("position IS NULL")),
    Index("ix_outbox_created_at", "tenant_id", "created_at", "id"),
    Index("ix_outbox_kind", "tenant_id", "kind", "created_at", "id"),
    Index("ix_outbox_actor", "tenant_id", "actor", "created_at", "id"),
    Index("ix_outbox_target", "tenant_id", "target", "created_at", "id"),
)
"""What happened. `position` is where an event stands in the feed: it is given after the commit, under one lock, so that
whoever has seen a position has seen all before it."""

POSITIONS: Final = Sequence("outbox_positions", schema="central")
FEED: Final = "central_events"
"""The channel on which a relay tells that positions were given."""

# What the relay looks for: due rows that are not settled. Settled ones, nearly all, are not in it.
Index("ix_outbox_due", OUTBOX.c.next_attempt_at, postgresql_where=text("state IN ('pending', 'dispatched')"))
