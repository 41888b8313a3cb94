from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypedDict
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import EventId, TenantId, UserId
from central_server.infra.db import METADATA, RichIdColumn, created_at, tenant_id_column, updated_at

CHANNEL: Final = "central_outbox"
"""The channel on which a commit tells that it holds events that somebody listens to."""

FEED: Final = "central_events"
"""The channel on which a relay tells that positions were given."""

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", RichIdColumn(EventId), primary_key=True),
    tenant_id_column(),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    created_at(),
    Column("actor", RichIdColumn(UserId)),
    Column("target", Text),
    Column("position", BigInteger),
    Index("ix_outbox_position", "tenant_id", "position", postgresql_where=text("position IS NOT NULL")),
    Index("ix_outbox_feed", "position", postgresql_where=text("position IS NOT NULL")),
    Index("ix_outbox_unplaced", "created_at", postgresql_where=text("position IS NULL")),
    Index("ix_outbox_created_at", "tenant_id", "created_at", "id"),
    Index("ix_outbox_kind", "tenant_id", "kind", "created_at", "id"),
    Index("ix_outbox_actor", "tenant_id", "actor", "created_at", "id"),
    Index("ix_outbox_target", "tenant_id", "target", "created_at", "id"),
)
"""What happened. `position` is where an event stands in the feed: it is given after the commit, under one lock, so that
whoever has seen a position has seen all before it."""

POSITIONS: Final = Sequence("outbox_positions", schema="central")


class HandoverState(StrEnum):
    """Where an event is on its way to a listener: to be handed over, handed over, settled, or given up."""

    PENDING = "pending"
    HANDED = "handed"
    DONE = "done"
    DEAD = "dead"


HANDOVERS = Table(
    "event_handovers",
    METADATA,
    tenant_id_column(),
    Column("event_id", RichIdColumn(EventId), nullable=False),
    Column("listener", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=HandoverState.PENDING.value),
    Column("batch", Uuid),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("give_up_at", DateTime(timezone=True), nullable=False),
    Column("last_error", Text),
    created_at(),
    updated_at(),
    PrimaryKeyConstraint("tenant_id", "event_id", "listener"),
    CheckConstraint("state IN ('pending', 'handed', 'done', 'dead')", name="state"),
    Index("ix_event_handovers_batch", "batch", postgresql_where=text("state = 'handed'")),
    Index("ix_event_handovers_settled", "updated_at", postgresql_where=text("state = 'done'")),
    Index("ix_event_handovers_dead", "updated_at", postgresql_where=text("state = 'dead'")),
)
"""Which event is for which listener, and whether it has it: a row that is done is the receipt.

Rows are made with the event's position. What nobody listens to has none.
"""

# What the relay looks for, by listener, and within it by tenant, so that no tenant waits for another one.
Index(
    "ix_event_handovers_due",
    HANDOVERS.c.listener,
    HANDOVERS.c.tenant_id,
    HANDOVERS.c.next_attempt_at,
    postgresql_where=text("state = 'pending'"),
)
Index(
    "ix_event_handovers_handed",
    HANDOVERS.c.listener,
    HANDOVERS.c.next_attempt_at,
    postgresql_where=text("state = 'handed'"),
)

FOLLOWERS = Table(
    "event_followers",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    updated_at(),
)
"""Up to where the listeners inside the database have come. They are the server's own and see all tenants."""


class DBDueListener(TypedDict):
    """A listener that something is due for."""

    listener: str


class DBFeedEvent(TypedDict):
    """An event as those read it who follow the feed inside the database."""

    id: EventId
    tenant_id: TenantId
    kind: str
    payload: dict[str, Any]
    position: int


class DBHandedEvent(TypedDict):
    """An event that was handed over, with what it says; `attempts` counts this one."""

    event_id: EventId
    tenant_id: TenantId
    kind: str
    payload: dict[str, Any]
    position: int
    batch: UUID | None
    attempts: int


class DBBacklog(TypedDict):
    """What of one listener's is on its way or was given up; and for how many seconds the oldest has waited."""

    listener: str
    waiting: int
    handed: int
    dead: int
    lag: float


class DBBehind(TypedDict):
    """How many places of the feed a follower has still to go, and since how many seconds the next event is there."""

    name: str
    behind: int
    lag: float


class DBUnplaced(TypedDict):
    """How many events have no place in the feed yet, and for how many seconds the oldest waits for one."""

    unplaced: int
    lag: float


class DBDeadLetter(TypedDict):
    """An event that a listener was given in vain."""

    event_id: EventId
    tenant_id: TenantId
    listener: str
    kind: str | None
    attempts: int
    last_error: str | None
    created_at: datetime
    updated_at: datetime
