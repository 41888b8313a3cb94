from datetime import datetime
from typing import TypedDict

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from central.kernel.ids import AuthConnectorId, SessionId, TenantId, UserId
from central_server.infra.db import METADATA, RichIdColumn, created_at

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("id", RichIdColumn(SessionId), nullable=False),
    Column("user_id", RichIdColumn(UserId), nullable=False),
    Column("connector_id", RichIdColumn(AuthConnectorId)),
    Column("token_hash", LargeBinary, nullable=False),
    created_at(),
    Column("last_used_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("idle_seconds", Integer, nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_reason", Text),
    Column("ended_by", RichIdColumn(UserId)),
    Column("address", Text),
    Column("user_agent", Text),
    Column("authenticated_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("impersonator_id", RichIdColumn(UserId)),
    Column("impersonation_reason", Text),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(
        ["tenant_id", "connector_id"],
        ["auth_connectors.tenant_id", "auth_connectors.id"],
        ondelete="SET NULL (connector_id)",
    ),
    ForeignKeyConstraint(["tenant_id", "impersonator_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"),
    Index("ix_sessions_impersonator", "tenant_id", "impersonator_id"),
    Index("ix_sessions_user", "tenant_id", "user_id", "created_at", "id"),
    Index("ix_sessions_connector", "tenant_id", "connector_id"),
    # Not led by the tenant: the token is looked up before a tenant is known.
    Index("uq_sessions_token_hash", "token_hash", unique=True),
)


class DBSessionId(TypedDict):
    """The id of a session alone."""

    id: SessionId


class DBSession(TypedDict):
    """A row of `sessions`, without the hash of its token."""

    tenant_id: TenantId
    id: SessionId
    user_id: UserId
    connector_id: AuthConnectorId | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    address: str | None
    user_agent: str | None


class DBPrincipal(TypedDict):
    """What `central.find_session` gives: a live session with its active user and tenant."""

    tenant_id: TenantId
    session_id: SessionId
    tenant_slug: str
    user_id: UserId
    touch_due: bool
    is_fresh: bool
    impersonator_id: UserId | None
    email: str
    email_verified: bool
    display_name: str
    locale: str | None
    time_zone: str | None
    roles: list[str]
    granted: list[str]
    system_permissions: list[str]
    state: str
    created_at: datetime
    updated_at: datetime
    last_sign_in_at: datetime | None
    version: int
