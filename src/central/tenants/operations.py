from central.access import Anyone, SignedIn, SystemPermission, TenantPermission
from central.errors import ConflictError, NotFoundError
from central.kernel.operation import Operation
from central.tenants.models import (
    CreateTenantInput,
    GetSessionPolicyInput,
    GetTenantInput,
    GetTenantPublicInput,
    ListTenantsInput,
    ListTenantsResponse,
    ReactivateTenantInput,
    RemoveLogoInput,
    RenameTenantInput,
    SessionPolicy,
    SetLogoImageInput,
    SetTenantBrandingInput,
    SuspendTenantInput,
    Tenant,
    TenantPublic,
    UpdateSessionPolicyInput,
)

CREATE_TENANT = Operation(
    "tenants.create",
    "POST",
    "/v1/tenants",
    CreateTenantInput,
    Tenant,
    access=SystemPermission("tenants:create"),
    summary="Create a tenant with its first owner",
    errors=(ConflictError,),
    status=201,
    description="The owner signs in with codes mailed to their address. Slugs are never reused by another tenant.",
)
LIST_TENANTS = Operation(
    "tenants.list",
    "GET",
    "/v1/tenants",
    ListTenantsInput,
    ListTenantsResponse,
    access=SystemPermission("tenants:read"),
    summary="List all tenants of the system",
)
GET_TENANT_PUBLIC = Operation(
    "tenants.get_public",
    "GET",
    "/v1/tenants/{tenant}/public",
    GetTenantPublicInput,
    TenantPublic,
    access=Anyone(),
    summary="Get what a sign-in page may show of a tenant",
    errors=(NotFoundError,),
)
GET_TENANT = Operation(
    "tenants.get",
    "GET",
    "/v1/tenants/{tenant}",
    GetTenantInput,
    Tenant,
    access=SignedIn(),
    summary="Get one's own tenant",
    errors=(NotFoundError,),
)
RENAME_TENANT = Operation(
    "tenants.rename",
    "PATCH",
    "/v1/tenants/{tenant}",
    RenameTenantInput,
    Tenant,
    access=TenantPermission("tenant:write", impersonation="allowed"),
    summary="Change a tenant's name or slug",
    errors=(NotFoundError, ConflictError),
)
SET_TENANT_BRANDING = Operation(
    "tenants.set_branding",
    "PUT",
    "/v1/tenants/{tenant}/branding",
    SetTenantBrandingInput,
    Tenant,
    access=TenantPermission("tenant:write"),
    summary="Set the colours of a tenant's sign-in page",
    errors=(NotFoundError, ConflictError),
)
SET_LOGO_IMAGE = Operation(
    "tenants.set_logo_image",
    "PUT",
    "/v1/tenants/{tenant}/logo",
    SetLogoImageInput,
    Tenant,
    access=TenantPermission("tenant:write"),
    summary="Give a tenant a logo, for its sign-in page",
    errors=(NotFoundError, ConflictError),
    description="The logo that was there before is deleted.",
)
REMOVE_LOGO = Operation(
    "tenants.remove_logo",
    "DELETE",
    "/v1/tenants/{tenant}/logo",
    RemoveLogoInput,
    Tenant,
    access=TenantPermission("tenant:write"),
    summary="Take a tenant's logo away",
    errors=(NotFoundError,),
)
SUSPEND_TENANT = Operation(
    "tenants.suspend",
    "POST",
    "/v1/tenants/{tenant}/suspend",
    SuspendTenantInput,
    Tenant,
    access=SystemPermission("tenants:write", fresh=True),
    summary="Suspend a tenant: its sessions stop at once and nobody signs in",
    errors=(NotFoundError, ConflictError),
)
REACTIVATE_TENANT = Operation(
    "tenants.reactivate",
    "POST",
    "/v1/tenants/{tenant}/reactivate",
    ReactivateTenantInput,
    Tenant,
    access=SystemPermission("tenants:write", fresh=True),
    summary="Reactivate a suspended tenant",
    errors=(NotFoundError, ConflictError),
)
GET_SESSION_POLICY = Operation(
    "tenants.get_session_policy",
    "GET",
    "/v1/tenants/{tenant}/session-policy",
    GetSessionPolicyInput,
    SessionPolicy,
    access=SignedIn(),
    summary="Get how long sessions live in one's own tenant",
    errors=(NotFoundError,),
)
UPDATE_SESSION_POLICY = Operation(
    "tenants.update_session_policy",
    "PATCH",
    "/v1/tenants/{tenant}/session-policy",
    UpdateSessionPolicyInput,
    SessionPolicy,
    access=TenantPermission("tenant:write", fresh=True),
    summary="Change how long sessions live in a tenant",
    errors=(NotFoundError, ConflictError),
    description="A tenant may only shorten what the server allows. It counts from the next request, for sessions that "
    "live already too. What has ended stays so when the lifetimes grow.",
)

OPERATIONS = (
    CREATE_TENANT,
    LIST_TENANTS,
    GET_TENANT_PUBLIC,
    GET_TENANT,
    RENAME_TENANT,
    SET_TENANT_BRANDING,
    SET_LOGO_IMAGE,
    REMOVE_LOGO,
    SUSPEND_TENANT,
    REACTIVATE_TENANT,
    GET_SESSION_POLICY,
    UPDATE_SESSION_POLICY,
)
