from datetime import datetime
from typing import TypedDict

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from central.kernel.ids import TenantId, UserId
from central_server.infra.db import METADATA, RichIdColumn, created_at, updated_at

USERS = Table(
    "users",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("id", RichIdColumn(UserId), nullable=False),
    Column("email", Text, nullable=False),
    Column("email_verified", Boolean, nullable=False, server_default=text("false")),
    Column("display_name", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("system_permissions", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("state", Text, nullable=False, server_default=text("'active'")),
    created_at(),
    updated_at(),
    Column("disabled_at", DateTime(timezone=True)),
    Column("last_sign_in_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("tenant_id", "id"),
    CheckConstraint("state IN ('active', 'disabled')", name="state"),
    CheckConstraint("roles <@ ARRAY['owner', 'admin', 'member'] AND cardinality(roles) > 0", name="roles"),
    Index("uq_users_email", "tenant_id", text("lower(email)"), unique=True),
    Index("ix_users_created_at", "tenant_id", "created_at", "id"),
    Index("ix_users_display_name", "tenant_id", "display_name", "id"),
    Index("ix_users_owners", "tenant_id", postgresql_where=text("'owner' = ANY (roles)")),
)


class DBUserId(TypedDict):
    """The id of a user alone."""

    id: UserId


class DBUser(TypedDict):
    """A row of `users`, but for `system_permissions`, which only an operator's session shows."""

    tenant_id: TenantId
    id: UserId
    email: str
    email_verified: bool
    display_name: str
    roles: list[str]
    state: str
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None
    last_sign_in_at: datetime | None
    version: int


class DBSystemPermissions(TypedDict):
    """What a user may do in the whole system."""

    system_permissions: list[str]


class DBPrivileges(TypedDict):
    """What a user may do, as far as the lifetime of their session depends on it."""

    roles: list[str]
    system_permissions: list[str]
