from datetime import datetime
from typing import Any, TypedDict

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
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import AuthConnectorId, ClientSecretId, ConnectorTestId, TenantId, UserId
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
    Column("just_in_time", Boolean, nullable=False),
    Column("allowed_domains", ARRAY(Text), nullable=False),
    created_at(),
    updated_at(),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("settings_version", Integer, nullable=False, server_default=text("1")),
    Column("tested_version", Integer),
    Column("tested_at", DateTime(timezone=True)),
    Column("default_roles", ARRAY(Text), nullable=False, server_default=text("'{member}'")),
    Column("attribute_claims", JSONB, nullable=False, server_default=text("'{}'")),
    Column("group_claim", Text),
    Column("group_roles", JSONB, nullable=False, server_default=text("'[]'")),
    PrimaryKeyConstraint("tenant_id", "id"),
    CheckConstraint("kind IN ('oidc', 'oauth2', 'email_code')", name="kind"),
    Index("uq_auth_connectors_name", "tenant_id", text("lower(name)"), unique=True),
    Index(
        "uq_auth_connectors_email_code",
        "tenant_id",
        unique=True,
        postgresql_where=text("kind = 'email_code'"),
    ),
    Index("ix_auth_connectors_created_at", "tenant_id", "created_at", "id"),
)
"""A way into a tenant. `settings_version` grows with what a sign-in rests on; `tested_version` is the one that a test
has succeeded with."""

CLIENT_SECRETS = Table(
    "client_secrets",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("id", RichIdColumn(ClientSecretId), nullable=False),
    Column("connector_id", RichIdColumn(AuthConnectorId), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    created_at(),
    Column("created_by", RichIdColumn(UserId)),
    Column("expires_at", DateTime(timezone=True)),
    Column("warned_days", Integer),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(
        ["tenant_id", "connector_id"], ["auth_connectors.tenant_id", "auth_connectors.id"], ondelete="CASCADE"
    ),
    Index("ix_client_secrets_connector", "tenant_id", "connector_id"),
    Index("ix_client_secrets_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
)
"""The secrets of connectors, sealed; `warned_days` is how long before its end was last warned of."""

CONNECTOR_TESTS = Table(
    "connector_tests",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("id", RichIdColumn(ConnectorTestId), nullable=False),
    Column("connector_id", RichIdColumn(AuthConnectorId), nullable=False),
    Column("settings_version", Integer, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("binding_hash", LargeBinary),
    Column("started_by", RichIdColumn(UserId)),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("result", JSONB),
    created_at(),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant_id", "id"),
    CheckConstraint("state IN ('pending', 'succeeded', 'failed')", name="state"),
    CheckConstraint("(state = 'pending') = (ended_at IS NULL)", name="ended"),
    ForeignKeyConstraint(
        ["tenant_id", "connector_id"], ["auth_connectors.tenant_id", "auth_connectors.id"], ondelete="CASCADE"
    ),
    Index("ix_connector_tests_connector", "tenant_id", "connector_id"),
    Index("ix_connector_tests_expires_at", "expires_at"),
)
"""Sign-ins that only try a connector. `token_hash` is of their link, `binding_hash` of the browser that went there."""


class DBAuthConnectorId(TypedDict):
    """The id of a connector alone."""

    id: AuthConnectorId


class DBAuthConnector(TypedDict):
    """A row of `auth_connectors`."""

    tenant_id: TenantId
    id: AuthConnectorId
    kind: str
    name: str
    enabled: bool
    settings: dict[str, Any]
    just_in_time: bool
    allowed_domains: list[str]
    created_at: datetime
    updated_at: datetime
    version: int
    settings_version: int
    tested_version: int | None
    tested_at: datetime | None
    default_roles: list[str]
    attribute_claims: dict[str, str]
    group_claim: str | None
    group_roles: list[dict[str, str]]


class DBClientSecret(TypedDict):
    """A row of `client_secrets`; `secret` is sealed."""

    tenant_id: TenantId
    id: ClientSecretId
    connector_id: AuthConnectorId
    secret: bytes
    created_at: datetime
    created_by: UserId | None
    expires_at: datetime | None


class DBExpiringSecret(TypedDict):
    """A secret whose end is to be warned of."""

    tenant_id: TenantId
    id: ClientSecretId


class DBConnectorTest(TypedDict):
    """A row of `connector_tests`, and whether its time is over."""

    id: ConnectorTestId
    connector_id: AuthConnectorId
    settings_version: int
    binding_hash: bytes | None
    started_by: UserId | None
    state: str
    result: dict[str, Any] | None
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    over: bool
