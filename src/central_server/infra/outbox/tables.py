from enum import StrEnum
from typing import Any, Final, TypedDict

from sqlalchemy import Column, DateTime, Index, Integer, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import EventId, TenantId
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
)
# What the relay looks for: due rows that are not settled. Settled ones, nearly all, are not in it.
Index("ix_outbox_due", OUTBOX.c.next_attempt_at, postgresql_where=text("state IN ('pending', 'dispatched')"))
