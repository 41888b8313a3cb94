from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import AuthConnectorId, TenantId
from central_server.infra.db import METADATA, RichIdColumn, created_at, updated_at

AUTH_CONNECTORS = Table(
    "auth_connectors",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("id", RichIdColumn(AuthConnectorId), nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("client_secret", LargeBinary),
    Column("just_in_time", Boolean, nullable=False),
    Column("allowed_domains", ARRAY(Text), nullable=False),
    created_at(),
    updated_at(),
    Column("version", Integer, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("tenant_id", "id"),
    CheckConstraint("kind IN ('oidc', 'email_code')", name="kind"),
    Index("uq_auth_connectors_name", "tenant_id", text("lower(name)"), unique=True),
    Index(
        "uq_auth_connectors_email_code",
        "tenant_id",
        unique=True,
        postgresql_where=text("kind = 'email_code'"),
    ),
    Index("ix_auth_connectors_created_at", "tenant_id", "created_at", "id"),
)


class DBAuthConnectorId(TypedDict):
    """The id of a connector alone."""

    id: AuthConnectorId


class DBAuthConnector(TypedDict):
    """A row of `auth_connectors`; `client_secret` is sealed."""

    tenant_id: TenantId
    id: AuthConnectorId
    kind: str
    name: str
    enabled: bool
    settings: dict[str, Any]
    client_secret: bytes | None
    just_in_time: bool
    allowed_domains: list[str]
    created_at: datetime
    updated_at: datetime
    version: int
