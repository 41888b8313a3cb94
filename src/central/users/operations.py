from types import NoneType

from central.access import SignedIn, TenantPermission
from central.errors import ConflictError, NotFoundError
from central.kernel.operation import Operation
from central.users.models import (
    CreateUserInput,
    DeleteUserInput,
    DisableUserInput,
    EnableUserInput,
    GetMeInput,
    GetUserInput,
    ListUsersInput,
    ListUsersResponse,
    UpdateUserInput,
    User,
    UserPrivate,
)

GET_ME = Operation(
    "users.me",
    "GET",
    "/v1/tenants/{tenant}/me",
    GetMeInput,
    UserPrivate,
    access=SignedIn(),
    summary="Get the signed-in user",
    errors=(NotFoundError,),
)
CREATE_USER = Operation(
    "users.create",
    "POST",
    "/v1/tenants/{tenant}/users",
    CreateUserInput,
    User,
    access=TenantPermission("users:write"),
    summary="Create a user",
    errors=(NotFoundError, ConflictError),
    status=201,
    description="An address is unique in its tenant whatever the case. Only owners make owners.",
)
LIST_USERS = Operation(
    "users.list",
    "GET",
    "/v1/tenants/{tenant}/users",
    ListUsersInput,
    ListUsersResponse,
    access=TenantPermission("users:read"),
    summary="List users",
    errors=(NotFoundError,),
)
GET_USER = Operation(
    "users.get",
    "GET",
    "/v1/tenants/{tenant}/users/{user}",
    GetUserInput,
    User,
    access=TenantPermission("users:read"),
    summary="Get a user",
    errors=(NotFoundError,),
)
UPDATE_USER = Operation(
    "users.update",
    "PATCH",
    "/v1/tenants/{tenant}/users/{user}",
    UpdateUserInput,
    User,
    access=TenantPermission("users:write"),
    summary="Change a user's name, address or roles",
    errors=(NotFoundError, ConflictError),
    description="Changing the roles ends the user's sessions. The last active owner stays one.",
)
DISABLE_USER = Operation(
    "users.disable",
    "POST",
    "/v1/tenants/{tenant}/users/{user}/disable",
    DisableUserInput,
    User,
    access=TenantPermission("users:write"),
    summary="Disable a user: their sessions end at once and they cannot sign in",
    errors=(NotFoundError, ConflictError),
)
ENABLE_USER = Operation(
    "users.enable",
    "POST",
    "/v1/tenants/{tenant}/users/{user}/enable",
    EnableUserInput,
    User,
    access=TenantPermission("users:write"),
    summary="Enable a disabled user",
    errors=(NotFoundError,),
)
DELETE_USER = Operation(
    "users.delete",
    "DELETE",
    "/v1/tenants/{tenant}/users/{user}",
    DeleteUserInput,
    NoneType,
    access=TenantPermission("users:write"),
    summary="Delete a user for good, with their sessions and identities",
    errors=(NotFoundError, ConflictError),
    status=204,
)

OPERATIONS = (
    GET_ME,
    CREATE_USER,
    LIST_USERS,
    GET_USER,
    UPDATE_USER,
    DISABLE_USER,
    ENABLE_USER,
    DELETE_USER,
)
