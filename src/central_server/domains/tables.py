from datetime import datetime
from typing import TypedDict

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
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from central.domains.models import DomainCheckOutcome, DomainState
from central.kernel.ids import AuthConnectorId, DomainId, TenantId
from central_server.infra.db import METADATA, RichIdColumn, created_at, updated_at

# In the text of every statement and index alike: PostgreSQL uses a partial index only for what it can see.
COUNTS = "state IN ('verified', 'failing')"

DOMAINS = Table(
    "domains",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("id", RichIdColumn(DomainId), nullable=False),
    Column("name", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("include_subdomains", Boolean, nullable=False),
    Column("connector_id", RichIdColumn(AuthConnectorId)),
    Column("verified_at", DateTime(timezone=True)),
    Column("failing_since", DateTime(timezone=True)),
    Column("checked_at", DateTime(timezone=True)),
    Column("next_check_at", DateTime(timezone=True)),
    Column("check_outcome", Text),
    Column("check_found", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    created_at(),
    updated_at(),
    Column("version", Integer, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("tenant_id", "id"),
    CheckConstraint("state IN ('pending', 'verified', 'failing', 'lapsed')", name="state"),
    CheckConstraint(
        f"(verified_at IS NOT NULL) = ({COUNTS}) AND (failing_since IS NOT NULL) = (state = 'failing')", name="times"
    ),
    ForeignKeyConstraint(
        ["tenant_id", "connector_id"],
        ["auth_connectors.tenant_id", "auth_connectors.id"],
        ondelete="SET NULL (connector_id)",
    ),
    Index("uq_domains_name", "tenant_id", "name", unique=True),
    # Across tenants on purpose: of all that claim a name, one has it. Only who has shown in the DNS that the name is
    # theirs can run into this index, and so learns that another tenant has it, not which.
    Index("uq_domains_verified_name", "name", unique=True, postgresql_where=text(COUNTS)),
    Index("ix_domains_created_at", "tenant_id", "created_at", "id"),
    Index("ix_domains_connector", "tenant_id", "connector_id"),
    # Across tenants as well: what looks for due domains looks everywhere.
    Index("ix_domains_due", "next_check_at", "id", postgresql_where=text(COUNTS)),
)
"""What tenants claim of the DNS. `token` is what a claim's TXT record says; `check_found` what it said instead."""


class DBDomain(TypedDict):
    """A row of `domains`."""

    tenant_id: TenantId
    id: DomainId
    name: str
    token: str
    state: DomainState
    include_subdomains: bool
    connector_id: AuthConnectorId | None
    verified_at: datetime | None
    failing_since: datetime | None
    checked_at: datetime | None
    next_check_at: datetime | None
    check_outcome: DomainCheckOutcome | None
    check_found: list[str]
    created_at: datetime
    updated_at: datetime
    version: int


class DBQuestion(TypedDict):
    """A domain whose proof is to be looked for, and when that was decided, by the database's clock."""

    name: str
    token: str
    asked_at: datetime


class DBLockedDomain(DBDomain):
    """A row of `domains` that nobody else changes now, and whether its grace period is over."""

    grace_is_over: bool


class DBDueDomain(TypedDict):
    """A verified domain whose proof is due to be looked for again."""

    tenant_id: TenantId
    id: DomainId
    next_check_at: datetime


class DBHolder(TypedDict):
    """Who has verified the domain that counts for a name, and where its people sign in."""

    tenant_id: TenantId
    tenant_slug: str
    tenant_state: str
    domain_id: DomainId
    connector_id: AuthConnectorId | None


class DBDomainId(TypedDict):
    """The id of a domain alone."""

    id: DomainId
