from central.access import SystemPermission, TenantPermission
from central.errors import ConflictError, NotFoundError
from central.kernel.operation import Operation
from central.tenant_deletions.models import (
    DeleteOwnTenantInput,
    DeleteTenantInput,
    GetTenantDeletionInput,
    ListTenantDeletionsInput,
    ListTenantDeletionsResponse,
    RestoreTenantInput,
    TenantDeletion,
)
from central.tenants.models import Tenant

_FROM_NOW_ON = (
    "From now on nobody signs in and no session works. Until `deleteAfter` operators can restore the tenant; then all "
    "that it has is removed, and a receipt stays. No other tenant ever gets its slugs. Asking again changes nothing."
)

DELETE_TENANT = Operation(
    "tenants.delete",
    "POST",
    "/v1/tenants/{tenant}/delete",
    DeleteTenantInput,
    TenantDeletion,
    access=SystemPermission("tenants:delete", fresh=True),
    summary="Delete a tenant, after a time in which it can be restored",
    errors=(NotFoundError, ConflictError),
    description=f"{_FROM_NOW_ON} A tenant of operators is not deleted (`tenant_of_operators`).",
)
DELETE_OWN_TENANT = Operation(
    "tenants.delete_own",
    "POST",
    "/v1/tenants/{tenant}/delete-own",
    DeleteOwnTenantInput,
    TenantDeletion,
    access=TenantPermission("tenant:delete", fresh=True),
    summary="Delete one's own tenant, after a time in which operators can restore it",
    errors=(NotFoundError, ConflictError),
    description=f"{_FROM_NOW_ON} One's own session ends with it.",
)
RESTORE_TENANT = Operation(
    "tenants.restore",
    "POST",
    "/v1/tenants/{tenant}/restore",
    RestoreTenantInput,
    Tenant,
    access=SystemPermission("tenants:write", fresh=True),
    summary="Restore a tenant that is to be deleted",
    errors=(NotFoundError, ConflictError),
    description="It becomes what it was before, active or suspended, with all that it had; sessions that have not run "
    "out meanwhile work again. Too late is a conflict, `deletion_begun`.",
)
LIST_TENANT_DELETIONS = Operation(
    "tenants.list_deletions",
    "GET",
    "/v1/tenant-deletions",
    ListTenantDeletionsInput,
    ListTenantDeletionsResponse,
    access=SystemPermission("tenants:read"),
    summary="List deletions of tenants, newest first",
)
GET_TENANT_DELETION = Operation(
    "tenants.get_deletion",
    "GET",
    "/v1/tenant-deletions/{deletion}",
    GetTenantDeletionInput,
    TenantDeletion,
    access=SystemPermission("tenants:read"),
    summary="Get the deletion of a tenant: its state, its progress, and in the end its receipt",
    errors=(NotFoundError,),
)

OPERATIONS = (DELETE_TENANT, DELETE_OWN_TENANT, RESTORE_TENANT, LIST_TENANT_DELETIONS, GET_TENANT_DELETION)
