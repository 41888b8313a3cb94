from types import NoneType

from central.access import TenantPermission
from central.errors import ConflictError, NotFoundError
from central.kernel.operation import Operation
from central.roles.models import (
    CreateRoleInput,
    DeleteRoleInput,
    GetRoleInput,
    ListRolesInput,
    ListRolesResponse,
    Role,
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
    summary="Change a role's name, description or permissions",
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

OPERATIONS = (CREATE_ROLE, LIST_ROLES, GET_ROLE, UPDATE_ROLE, DELETE_ROLE)
