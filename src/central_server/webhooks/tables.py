from datetime import datetime
from typing import Any, Final, TypedDict

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)

from central.kernel.ids import EventId, TenantId, UserId, WebhookDeliveryId, WebhookEndpointId, WebhookSecretId
from central_server.infra.db import METADATA, RichIdColumn, created_at, updated_at

CHANNEL: Final = "central_webhooks"
"""Where it is told that deliveries are due at once."""

_time = DateTime(timezone=True)

WEBHOOK_ENDPOINTS = Table(
    "webhook_endpoints",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("id", RichIdColumn(WebhookEndpointId), nullable=False),
    Column("url", Text, nullable=False),
    Column("description", Text),
    Column("kinds", ARRAY(Text), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_reason", Text),
    Column("disabled_at", _time),
    Column("failing_since", _time),
    Column("last_success_at", _time),
    Column("created_by", RichIdColumn(UserId)),
    Column("imported_at", _time),
    created_at(),
    updated_at(),
    Column("version", Integer, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("tenant_id", "id"),
    CheckConstraint("disabled_reason IN ('by_hand', 'failing', 'gone', 'imported')", name="disabled_reason"),
    Index("ix_webhook_endpoints_created_at", "tenant_id", "created_at", "id"),
)
"""Where events go. `failing_since` is the first failure since which no attempt has succeeded.

What happened before `imported_at` is of another server, and not for an endpoint that came with its archive.
"""

WEBHOOK_SECRETS = Table(
    "webhook_secrets",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("id", RichIdColumn(WebhookSecretId), nullable=False),
    Column("endpoint_id", RichIdColumn(WebhookEndpointId), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    created_at(),
    Column("expires_at", _time),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(
        ["tenant_id", "endpoint_id"], ["webhook_endpoints.tenant_id", "webhook_endpoints.id"], ondelete="CASCADE"
    ),
    Index("ix_webhook_secrets_endpoint", "tenant_id", "endpoint_id"),
)
"""What bodies are signed with, sealed; `expires_at` is null for the one of now."""

WEBHOOK_DELIVERIES = Table(
    "webhook_deliveries",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("id", RichIdColumn(WebhookDeliveryId), nullable=False, server_default=func.gen_random_uuid()),
    Column("endpoint_id", RichIdColumn(WebhookEndpointId), nullable=False),
    Column("event_id", RichIdColumn(EventId), nullable=False),
    Column("event_kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", _time, nullable=False, server_default=func.now()),
    Column("claimed_until", _time),
    Column("first_failed_at", _time),
    Column("last_attempt_at", _time),
    Column("last_status", Integer),
    Column("last_error", Text),
    created_at(),
    Column("ended_at", _time),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "endpoint_id", "event_id", name="uq_webhook_deliveries_event"),
    ForeignKeyConstraint(
        ["tenant_id", "endpoint_id"], ["webhook_endpoints.tenant_id", "webhook_endpoints.id"], ondelete="CASCADE"
    ),
    CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="state"),
    CheckConstraint("(ended_at IS NULL) = (state = 'waiting')", name="ended"),
    Index("ix_webhook_deliveries_created_at", "tenant_id", "created_at", "id"),
    Index("ix_webhook_deliveries_endpoint", "tenant_id", "endpoint_id", "created_at", "id"),
    Index("ix_webhook_deliveries_due", "next_attempt_at", postgresql_where=text("state = 'waiting'")),
    Index(
        "ix_webhook_deliveries_next",
        "tenant_id",
        "endpoint_id",
        "next_attempt_at",
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_webhook_deliveries_claimed",
        "tenant_id",
        "endpoint_id",
        postgresql_where=text("claimed_until IS NOT NULL"),
    ),
    Index("ix_webhook_deliveries_ended_at", "ended_at"),
)
"""An event on its way to an endpoint. `attempts` counts all requests, `tries` those since it was last begun.

A sender claims a delivery by `claimed_until`, a lease; with it `next_attempt_at` moves behind the lease, so that what a
sender that died had in hand comes due by itself. `first_failed_at` is when the failures began that it is tried after.
"""

WEBHOOK_ATTEMPTS = Table(
    "webhook_attempts",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("delivery_id", RichIdColumn(WebhookDeliveryId), nullable=False),
    Column("number", Integer, nullable=False),
    Column("started_at", _time, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("status", Integer),
    Column("error", Text),
    Column("detail", Text),
    Column("answer", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "delivery_id", "number"),
    ForeignKeyConstraint(
        ["tenant_id", "delivery_id"], ["webhook_deliveries.tenant_id", "webhook_deliveries.id"], ondelete="CASCADE"
    ),
    CheckConstraint("octet_length(answer) <= 1024", name="answer"),
)
"""One request of a delivery, and the first kilobyte of its answer."""


class DBWebhookEndpoint(TypedDict):
    """A row of `webhook_endpoints`."""

    tenant_id: TenantId
    id: WebhookEndpointId
    url: str
    description: str | None
    kinds: list[str]
    enabled: bool
    disabled_reason: str | None
    disabled_at: datetime | None
    failing_since: datetime | None
    last_success_at: datetime | None
    created_by: UserId | None
    imported_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class DBWebhookSecret(TypedDict):
    """A row of `webhook_secrets`."""

    tenant_id: TenantId
    id: WebhookSecretId
    endpoint_id: WebhookEndpointId
    secret: bytes
    created_at: datetime
    expires_at: datetime | None


class DBWebhookDelivery(TypedDict):
    """A row of `webhook_deliveries` as administrators see it."""

    id: WebhookDeliveryId
    endpoint_id: WebhookEndpointId
    event_id: EventId
    event_kind: str
    state: str
    attempt_count: int
    next_attempt_at: datetime | None
    last_attempt_at: datetime | None
    last_status: int | None
    last_error: str | None
    created_at: datetime
    ended_at: datetime | None


class DBWebhookAttempt(TypedDict):
    """A row of `webhook_attempts` as administrators see it."""

    number: int
    started_at: datetime
    duration_ms: int
    status: int | None
    error: str | None
    detail: str | None
    answer: str


class DBClaimedDelivery(TypedDict):
    """A delivery that a sender has taken on: `attempts` and `tries` count this one.

    `failing` is for how many seconds it has failed, None before the first failure; `payload` is None when the event is
    no longer kept.
    """

    tenant_id: TenantId
    id: WebhookDeliveryId
    endpoint_id: WebhookEndpointId
    event_id: EventId
    attempts: int
    tries: int
    first_failed_at: datetime | None
    failing: float | None
    url: str
    payload: dict[str, Any] | None


class DBFailingEndpoint(TypedDict):
    """An endpoint after a failure, and since when there was nothing else."""

    id: WebhookEndpointId
    failing_since: datetime


class DBWebhookBacklog(TypedDict):
    """The deliveries that are due, for how many seconds the oldest has been, and the endpoints that were disabled."""

    waiting: int
    oldest: float
