from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, PrimaryKeyConstraint, Table, Text

from central.kernel.ids import EventId, TenantId
from central_server.infra.db import METADATA, RichIdColumn, updated_at

EVENT_CONSUMERS = Table(
    "event_consumers",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("event_id", RichIdColumn(EventId), nullable=False),
    Column("position", BigInteger, nullable=False),
    updated_at(),
    PrimaryKeyConstraint("tenant_id", "name"),
)
"""Up to where consumers have read. The position stands here, too, as events do not stay for ever."""


EVENT_RETENTIONS = Table(
    "event_retentions",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("days", Integer),
    updated_at(),
    CheckConstraint("days >= 30", name="days"),
)
"""For how many days tenants keep their events, where that was ever set; null is for ever."""


class DBRetention(TypedDict):
    """For how many days events are kept."""

    days: int | None


class DBEvent(TypedDict):
    """An event as the outbox keeps it, with where it stands in the feed, if that was given already."""

    id: EventId
    kind: str
    payload: dict[str, Any]
    created_at: datetime
    position: int | None


class DBToldEvent(DBEvent):
    """An event with the first thing that it names."""

    target: str | None


class DBConsumer(TypedDict):
    """Up to where a consumer has read."""

    name: str
    event_id: EventId
    position: int


class DBPlace(TypedDict):
    """Where an event stands in the feed."""

    position: int | None
