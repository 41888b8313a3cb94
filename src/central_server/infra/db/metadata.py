"""The one `MetaData` of all tables, and columns that many of them have."""

from datetime import datetime

from sqlalchemy import Column, DateTime, MetaData, func

from central.kernel.ids import TenantId

from .types import RichIdColumn

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def tenant_id_column(*, primary_key: bool = False) -> Column[TenantId]:
    """Give the column that row-level security compares; it comes first in every index."""
    return Column("tenant_id", RichIdColumn(TenantId), primary_key=primary_key, nullable=False)


def created_at() -> Column[datetime]:
    """Give the time of insertion, by the database's clock."""
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


def updated_at() -> Column[datetime]:
    """Give the time of the last change, which statements set; at first that of insertion."""
    return Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now())
