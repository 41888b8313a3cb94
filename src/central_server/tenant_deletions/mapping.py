"""Between deletions of tenants as the database keeps them and as callers see them."""

from central.tenant_deletions.models import TenantDeletion
from central_server.tenant_deletions.tables import DBTenantDeletion


def deletion_from(row: DBTenantDeletion) -> TenantDeletion:
    """Make the DTO of a row."""
    shown = {name: value for name, value in row.items() if name in TenantDeletion.model_fields}
    removed = [{"kind": kind, "count": count} for kind, count in sorted(row["removed"].items()) if count]
    return TenantDeletion.model_validate({**shown, "done": sum(row["removed"].values()), "removed": removed})
