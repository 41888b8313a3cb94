from datetime import datetime
from typing import TypedDict
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, PrimaryKeyConstraint, Table, Uuid

from central.kernel.ids import JobId, TenantId
from central_server.infra.db import METADATA, RichIdColumn

TENANT_IMPORT_CLAIMS = Table(
    "tenant_import_claims",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("job_id", RichIdColumn(JobId), nullable=False),
    Column("holder", Uuid, nullable=False),
    Column("leased_until", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("tenant_id"),
    Index("ix_tenant_import_claims_leased_until", "leased_until"),
)
"""Tenants that are not there and that an import is to make: whose turn it is, and until when if nothing more is heard.

While there is a row, there may be files of that tenant. It goes in the transaction that makes the tenant, or when its
files have gone.
"""


class DBTenantImportClaim(TypedDict):
    """A row of `tenant_import_claims`."""

    tenant_id: TenantId
    job_id: JobId
    holder: UUID
    leased_until: datetime
