from types import NoneType

from central.access import TenantPermission
from central.errors import ConflictError, NotFoundError
from central.kernel.operation import Operation
from central.roles.models import (
    CreateRoleInput,
    DeleteRoleInput,
    GetRoleInput,
    GrantRoleInput,
    ListRoleGrantsInput,
    ListRoleGrantsResponse,
    ListRolesInput,
    ListRolesResponse,
    RevokeRoleInput,
    Role,
    RoleGrant,
    UpdateRoleInput,
)

CREATE_ROLE = Operation(
    "roles.create",
    "POST",
    "/v1/tenants/{tenant}/roles",
    CreateRoleInput,
    Role,
    access=TenantPermission("roles:write"),
    summary="Create a role of the tenant's own",
    errors=(NotFoundError, ConflictError),
    status=201,
    description="Nobody puts a permission into a role that they do not hold themselves.",
)
LIST_ROLES = Operation(
    "roles.list",
    "GET",
    "/v1/tenants/{tenant}/roles",
    ListRolesInput,
    ListRolesResponse,
    access=TenantPermission("roles:read"),
    summary="List roles, the built-in ones among them, by slug",
    errors=(NotFoundError,),
)
GET_ROLE = Operation(
    "roles.get",
    "GET",
    "/v1/tenants/{tenant}/roles/{role}",
    GetRoleInput,
    Role,
    access=TenantPermission("roles:read"),
    summary="Get a role",
    errors=(NotFoundError,),
)
UPDATE_ROLE = Operation(
    "roles.update",
    "PATCH",
    "/v1/tenants/{tenant}/roles/{role}",
    UpdateRoleInput,
    Role,
    access=TenantPermission("roles:write"),
    summary="Change a role's name, description, permissions or reach",
    errors=(NotFoundError, ConflictError),
    description="The new permissions count from the next request of whoever holds the role. Built-in roles never "
    "change. The caller must hold every permission that the role has or is to have.",
)
DELETE_ROLE = Operation(
    "roles.delete",
    "DELETE",
    "/v1/tenants/{tenant}/roles/{role}",
    DeleteRoleInput,
    NoneType,
    access=TenantPermission("roles:write"),
    summary="Delete a role that nobody holds",
    errors=(NotFoundError, ConflictError),
    status=204,
)

LIST_ROLE_GRANTS = Operation(
    "roles.list_grants",
    "GET",
    "/v1/tenants/{tenant}/users/{user}/roles",
    ListRoleGrantsInput,
    ListRoleGrantsResponse,
    access=TenantPermission("users:read"),
    summary="List the roles that a user holds now, with their ends",
    errors=(NotFoundError,),
)

GRANT_ROLE = Operation(
    "roles.grant",
    "PUT",
    "/v1/tenants/{tenant}/users/{user}/roles/{role}",
    GrantRoleInput,
    RoleGrant,
    access=TenantPermission("users:write"),
    summary="Give a user a role, with an end if need be",
    errors=(NotFoundError, ConflictError),
    description="One that they hold already gets the new end. Nobody gives what they do not hold; only owners make "
    "owners. It ends the user's sessions.",
)

REVOKE_ROLE = Operation(
    "roles.revoke",
    "DELETE",
    "/v1/tenants/{tenant}/users/{user}/roles/{role}",
    RevokeRoleInput,
    NoneType,
    access=TenantPermission("users:write"),
    summary="Take a role from a user",
    errors=(NotFoundError, ConflictError),
    status=204,
    description="It ends the user's sessions. An owner without an end remains.",
)

OPERATIONS = (
    CREATE_ROLE,
    LIST_ROLES,
    GET_ROLE,
    UPDATE_ROLE,
    DELETE_ROLE,
    LIST_ROLE_GRANTS,
    GRANT_ROLE,
    REVOKE_ROLE,
)
