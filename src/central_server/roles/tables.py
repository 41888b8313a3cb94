from datetime import datetime
from typing import TypedDict

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from central.kernel.ids import RoleId, TenantId
from central_server.infra.db import METADATA, RichIdColumn, created_at, updated_at

ROLES = Table(
    "roles",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("id", RichIdColumn(RoleId), nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("permissions", ARRAY(Text), nullable=False),
    Column("reach", Text, nullable=False, server_default=text("'unit'")),
    Column("built_in", Boolean, nullable=False, server_default=text("false")),
    created_at(),
    updated_at(),
    Column("version", Integer, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("tenant_id", "id"),
    CheckConstraint("reach IN ('unit', 'subtree')", name="reach"),
    UniqueConstraint("tenant_id", "slug", name="uq_roles_slug"),
)
"""A role of a tenant. What a built-in one allows stands in `policy.py`, and grows with releases."""


class DBRole(TypedDict):
    """A row of `roles`."""

    tenant_id: TenantId
    id: RoleId
    slug: str
    name: str
    description: str | None
    permissions: list[str]
    reach: str
    built_in: bool
    created_at: datetime
    updated_at: datetime
    version: int
