from datetime import datetime
from typing import TypedDict

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Index, PrimaryKeyConstraint, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import TenantDeletionId, TenantId, UserId
from central.tenant_deletions.models import TenantDeletionState
from central.tenants.models import TenantState
from central_server.infra.db import METADATA, RichIdColumn

_IS_OPEN = text("state IN ('scheduled', 'deleting')")
TENANT_DELETIONS = Table(
    "tenant_deletions",
    METADATA,
    Column("id", RichIdColumn(TenantDeletionId), nullable=False),
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("slug", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'scheduled'")),
    Column("state_before", Text, nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("requested_by", RichIdColumn(UserId)),
    Column("by_operator", Boolean, nullable=False),
    Column("delete_after", DateTime(timezone=True), nullable=False),
    Column("restored_at", DateTime(timezone=True)),
    Column("restored_by", RichIdColumn(UserId)),
    Column("started_at", DateTime(timezone=True)),
    Column("stage", Text),
    Column("removed", JSONB, nullable=False, server_default=text("'{}'")),
    Column("gone_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("id"),
    CheckConstraint("state IN ('scheduled', 'deleting', 'deleted', 'restored')", name="state"),
    Index("uq_tenant_deletions_open", "tenant_id", unique=True, postgresql_where=_IS_OPEN),
    Index("ix_tenant_deletions_requested_at", "requested_at", "id"),
    Index("ix_tenant_deletions_due", "delete_after", postgresql_where=_IS_OPEN),
)
"""Deletions of tenants, and their receipts: no part of any tenant, and seen by the platform alone.

`stage` and `removed` change with what was removed until there. `gone_at` is when the tenant's own row went.
"""


class DBTenantDeletion(TypedDict):
    """A row of `tenant_deletions`."""

    id: TenantDeletionId
    tenant_id: TenantId
    slug: str
    state: TenantDeletionState
    state_before: TenantState
    requested_at: datetime
    requested_by: UserId | None
    by_operator: bool
    delete_after: datetime
    restored_at: datetime | None
    restored_by: UserId | None
    started_at: datetime | None
    stage: str | None
    removed: dict[str, int]
    gone_at: datetime | None
    ended_at: datetime | None


class DBDueDeletion(TypedDict):
    """A deletion for which it is time, and whether the tenant's own row has gone already."""

    id: TenantDeletionId
    is_gone: bool
