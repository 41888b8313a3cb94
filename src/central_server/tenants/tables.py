from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import TenantId
from central_server.infra.db import METADATA, RichIdColumn, created_at, updated_at

TENANTS = Table(
    "tenants",
    METADATA,
    Column("id", RichIdColumn(TenantId), primary_key=True),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'active'")),
    created_at(),
    updated_at(),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("member_idle_seconds", Integer),
    Column("member_lifetime_seconds", Integer),
    Column("admin_idle_seconds", Integer),
    Column("admin_lifetime_seconds", Integer),
    Column("accent_color", Text),
    Column("background_color", Text),
    Column("logo", JSONB(none_as_null=True)),
    Column("delete_after", DateTime(timezone=True)),
    CheckConstraint("state IN ('active', 'suspended', 'deleting')", name="state"),
    CheckConstraint("(state = 'deleting') = (delete_after IS NOT NULL)", name="deleting"),
    # What stands here goes into a style sheet.
    CheckConstraint("accent_color ~ '^#[0-9a-f]{6}$'", name="accent_color"),
    CheckConstraint("background_color ~ '^#[0-9a-f]{6}$'", name="background_color"),
    Index("ix_tenants_created_at_id", "created_at", "id"),
    Index("uq_tenants_slug", "slug", unique=True),
)
"""The tenants. The lifetimes of sessions are the tenant's own, where they are shorter than the server's: they stand
here since the look-up of a session reads this row anyway."""

TENANT_SLUGS = Table(
    "tenant_slugs",
    METADATA,
    Column("slug", Text, primary_key=True),
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("skeleton", Text, nullable=False),
    Column("claims_skeleton", Boolean, nullable=False),
    created_at(),
    Index("ix_tenant_slugs_tenant_id", "tenant_id"),
    Index("uq_tenant_slugs_skeleton", "skeleton", unique=True, postgresql_where=text("claims_skeleton")),
)
"""Every slug a tenant has or had: none of them ever leads to another tenant.

Slugs that look alike share a `skeleton`; the first one claims it, and only its tenant may take another such. They stay
when the tenant is deleted, and so refer to it by no foreign key.
"""


class DBTenant(TypedDict):
    """A row of `tenants`."""

    id: TenantId
    slug: str
    name: str
    state: str
    created_at: datetime
    updated_at: datetime
    version: int
    accent_color: str | None
    background_color: str | None
    delete_after: datetime | None
    logo: dict[str, Any] | None


class DBSessionPolicy(TypedDict):
    """The lifetimes of sessions that a tenant has of its own, in seconds."""

    member_idle_seconds: int | None
    member_lifetime_seconds: int | None
    admin_idle_seconds: int | None
    admin_lifetime_seconds: int | None
    version: int
