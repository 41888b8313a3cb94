from datetime import datetime
from typing import TypedDict

from sqlalchemy import (
    Boolean,
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
from sqlalchemy.dialects.postgresql import INET

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
    Column("address", INET),
    Column("user_agent", Text),
    Column("authenticated_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("impersonator_id", RichIdColumn(UserId)),
    Column("impersonation_reason", Text),
    Column("powerful", Boolean, nullable=False, server_default=text("false")),
    Column("impersonator_session_id", RichIdColumn(SessionId)),
    Column("id_token", LargeBinary),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(
        ["tenant_id", "connector_id"],
        ["auth_connectors.tenant_id", "auth_connectors.id"],
        ondelete="SET NULL (connector_id)",
    ),
    Index(
        "ix_sessions_impersonator_session",
        "tenant_id",
        "impersonator_session_id",
        postgresql_where=text("impersonator_session_id IS NOT NULL"),
    ),
    Index("ix_sessions_user", "tenant_id", "user_id", "created_at", "id"),
    Index("ix_sessions_connector", "tenant_id", "connector_id"),
    Index("ix_sessions_created_at", "tenant_id", "created_at", "id"),
    Index("ix_sessions_address", "tenant_id", "address"),
    Index("ix_sessions_ended", text("LEAST(expires_at, ended_at)")),
    # Not led by the tenant: the token is looked up before a tenant is known.
    Index("uq_sessions_token_hash", "token_hash", unique=True),
)
"""Sessions, also those that have ended. `powerful` says whose lifetimes count: those of whoever can only read, or the
others'. A session with an `impersonator_session_id` was begun from that one, by its user, and ends with it. `id_token`,
sealed, is there while the session lives, if it can be ended at its provider too."""


class DBEndedSession(TypedDict):
    """A session that was ended, and whose it was."""

    id: SessionId
    user_id: UserId


class DBHeldSession(TypedDict):
    """A live session that stays so until the transaction ends."""

    expires_at: datetime


class DBSession(TypedDict):
    """A row of `sessions`, as the clock and the policies make it, without the hash of its token."""

    id: SessionId
    user_id: UserId
    connector_id: AuthConnectorId | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_reason: str | None
    ended_by: UserId | None
    address: str | None
    user_agent: str | None
    impersonator_id: UserId | None
    impersonation_reason: str | None


class DBSessionOrigin(TypedDict):
    """Which way in a session was begun by, the sealed ID token to end it there, and when its person was seen last."""

    connector_id: AuthConnectorId | None
    id_token: bytes | None
    authenticated_at: datetime


class DBSealedIdToken(TypedDict):
    """A sealed ID token, and whose it is."""

    tenant_id: TenantId
    id: SessionId
    id_token: bytes


class DBPrincipal(TypedDict):
    """What `central.find_session` gives: a live session with its active user and tenant."""

    tenant_id: TenantId
    session_id: SessionId
    tenant_slug: str
    user_id: UserId
    touch_due: bool
    is_fresh: bool
    impersonator_id: UserId | None
    impersonator_name: str | None
    impersonator_roles: list[str] | None
    impersonator_granted: list[str] | None
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
