from types import NoneType

from central.access import SignedIn, TenantPermission
from central.errors import ConflictError, NotFoundError, UnauthenticatedError
from central.kernel.operation import BrowserRoute, Operation
from central.users.impersonation import ImpersonateUserInput, ImpersonateUserResponse
from central.users.models import (
    AttributeRules,
    CountUsersInput,
    CountUsersResponse,
    CreateUserInput,
    DeleteUserInput,
    DisableUserInput,
    EnableUserInput,
    GetAttributeRulesInput,
    GetManyUsersInput,
    GetManyUsersResponse,
    GetMeInput,
    GetMyPermissionsInput,
    GetMyPermissionsResponse,
    GetUserByExternalIdInput,
    GetUserInput,
    ListUsersInput,
    ListUsersResponse,
    MergeUsersInput,
    MergeUsersResponse,
    RemoveAvatarInput,
    RemoveExternalIdInput,
    RemoveTagsInput,
    SetAttributeRulesInput,
    SetAvatarImageInput,
    SetExternalIdInput,
    SetTagsInput,
    UpdateMeInput,
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
    description="An address is unique in its tenant whatever the case. Only owners make owners, after a fresh sign-in.",
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
    description="Changing the roles ends the user's sessions. The last active owner stays one. Another address, and "
    "any change of an owner or to one, takes a fresh sign-in.",
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
    access=TenantPermission("users:write", fresh=True),
    summary="Delete a user for good, with their sessions and identities",
    errors=(NotFoundError, ConflictError),
    status=204,
)
IMPERSONATE_USER = Operation(
    "users.impersonate",
    "POST",
    "/v1/tenants/{tenant}/users/{user}/impersonate",
    ImpersonateUserInput,
    ImpersonateUserResponse,
    access=TenantPermission("users:impersonate", fresh=True),
    summary="Act in a user's name for a while",
    errors=(NotFoundError, ConflictError, UnauthenticatedError),
    status=201,
    description="Gives a session of the user in the answer's cookie; in Python use `client.impersonate(…)`, which "
    "keeps one's own. It reads what the user may read, and changes only what says so: never anybody's addresses, "
    "roles, connectors or sessions. It ends with the session that it was begun from. Nobody impersonates owners, "
    "operators, themselves, or somebody who may do more than they. The user sees it among their sessions, with who "
    "and why.",
)

UPDATE_ME = Operation(
    "users.update_me",
    "PATCH",
    "/v1/tenants/{tenant}/me",
    UpdateMeInput,
    UserPrivate,
    access=SignedIn(impersonation="allowed"),
    summary="Change one's own name, locale or time zone",
    errors=(NotFoundError,),
)

GET_MY_PERMISSIONS = Operation(
    "users.my_permissions",
    "GET",
    "/v1/tenants/{tenant}/me/permissions",
    GetMyPermissionsInput,
    GetMyPermissionsResponse,
    access=SignedIn(),
    summary="Say what the caller may do now",
    errors=(NotFoundError,),
)

GET_USER_BY_EXTERNAL_ID = Operation(
    "users.get_by_external_id",
    "GET",
    "/v1/tenants/{tenant}/users/by-external-id/{source}/{value}",
    GetUserByExternalIdInput,
    User,
    access=TenantPermission("users:read"),
    summary="Get the user whom another system calls so",
    errors=(NotFoundError,),
)

GET_MANY_USERS = Operation(
    "users.get_many",
    "GET",
    "/v1/tenants/{tenant}/users/by-ids",
    GetManyUsersInput,
    GetManyUsersResponse,
    access=TenantPermission("users:read"),
    summary="Get up to 100 users by their ids",
    errors=(NotFoundError,),
)

COUNT_USERS = Operation(
    "users.count",
    "GET",
    "/v1/tenants/{tenant}/users/count",
    CountUsersInput,
    CountUsersResponse,
    access=TenantPermission("users:read"),
    summary="Count users",
    errors=(NotFoundError,),
)

SET_TAGS = Operation(
    "users.set_tags",
    "POST",
    "/v1/tenants/{tenant}/users/{user}/tags",
    SetTagsInput,
    User,
    access=TenantPermission("users:write"),
    summary="Give a user tags",
    errors=(NotFoundError, ConflictError),
)

REMOVE_TAGS = Operation(
    "users.remove_tags",
    "DELETE",
    "/v1/tenants/{tenant}/users/{user}/tags",
    RemoveTagsInput,
    User,
    access=TenantPermission("users:write"),
    summary="Take tags from a user",
    errors=(NotFoundError,),
)

SET_EXTERNAL_ID = Operation(
    "users.set_external_id",
    "PUT",
    "/v1/tenants/{tenant}/users/{user}/external-ids/{source}",
    SetExternalIdInput,
    User,
    access=TenantPermission("users:write"),
    summary="Say what another system calls a user",
    errors=(NotFoundError, ConflictError),
    description="One system calls two users differently.",
)

REMOVE_EXTERNAL_ID = Operation(
    "users.remove_external_id",
    "DELETE",
    "/v1/tenants/{tenant}/users/{user}/external-ids/{source}",
    RemoveExternalIdInput,
    User,
    access=TenantPermission("users:write"),
    summary="Remove another system's name for a user",
    errors=(NotFoundError,),
)

MERGE_USERS = Operation(
    "users.merge",
    "POST",
    "/v1/tenants/{tenant}/users/{user}/merge",
    MergeUsersInput,
    MergeUsersResponse,
    access=TenantPermission("users:write", fresh=True),
    summary="Make two users one",
    errors=(NotFoundError, ConflictError),
    description="Addresses, identities, external ids, roles, assignments, tags and attributes move where there is "
    "room; the other user's sessions end, and it is deleted. With `dryRun` nothing changes.",
)

GET_ATTRIBUTE_RULES = Operation(
    "users.get_attribute_rules",
    "GET",
    "/v1/tenants/{tenant}/attribute-rules",
    GetAttributeRulesInput,
    AttributeRules,
    access=TenantPermission("users:read"),
    summary="Get the schema of users' attributes",
    errors=(NotFoundError,),
)

SET_ATTRIBUTE_RULES = Operation(
    "users.set_attribute_rules",
    "PUT",
    "/v1/tenants/{tenant}/attribute-rules",
    SetAttributeRulesInput,
    AttributeRules,
    access=TenantPermission("tenant:write"),
    summary="Set the schema of users' attributes",
    errors=(NotFoundError, ConflictError),
    description="Attributes that are there already are judged when they are next written.",
)

SET_AVATAR_IMAGE = Operation(
    "users.set_avatar_image",
    "PUT",
    "/v1/tenants/{tenant}/users/{user}/avatar",
    SetAvatarImageInput,
    User,
    access=SignedIn(),
    summary="Give somebody a picture",
    errors=(NotFoundError, ConflictError),
    description="In Python, `client.users.set_avatar(…)` hands the picture over, too. Everybody sets their own; that "
    "of others takes `users:write`. The picture that was there before is deleted.",
)

REMOVE_AVATAR = Operation(
    "users.remove_avatar",
    "DELETE",
    "/v1/tenants/{tenant}/users/{user}/avatar",
    RemoveAvatarInput,
    User,
    access=SignedIn(),
    summary="Take somebody's picture away",
    errors=(NotFoundError,),
    description="Everybody takes away their own; that of others takes `users:write`. The picture is deleted.",
)
SHOW_INITIALS = BrowserRoute(
    "users.initials",
    "GET",
    "/initials/{letters}/{hue}",
    "Initials on a colour, for who has no picture; it is of nobody in particular.",
    "picture",
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
    UPDATE_ME,
    GET_MY_PERMISSIONS,
    GET_USER_BY_EXTERNAL_ID,
    GET_MANY_USERS,
    COUNT_USERS,
    SET_TAGS,
    REMOVE_TAGS,
    SET_EXTERNAL_ID,
    REMOVE_EXTERNAL_ID,
    MERGE_USERS,
    GET_ATTRIBUTE_RULES,
    SET_ATTRIBUTE_RULES,
    IMPERSONATE_USER,
    SET_AVATAR_IMAGE,
    REMOVE_AVATAR,
)
