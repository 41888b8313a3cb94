from types import NoneType

from central.access import SignedIn, TenantPermission
from central.errors import NotFoundError
from central.kernel.operation import Operation
from central.sessions.models import (
    ListMySessionsInput,
    ListMySessionsResponse,
    ListUserSessionsInput,
    ListUserSessionsResponse,
    RevokeMatchingSessionsInput,
    RevokeMatchingSessionsResponse,
    RevokeMySessionInput,
    RevokeMySessionsInput,
    RevokeSessionsResponse,
    RevokeUserSessionInput,
    RevokeUserSessionsInput,
    SearchSessionsInput,
    SearchSessionsResponse,
)

LIST_MY_SESSIONS = Operation(
    "sessions.list_mine",
    "GET",
    "/v1/tenants/{tenant}/me/sessions",
    ListMySessionsInput,
    ListMySessionsResponse,
    access=SignedIn(),
    summary="List one's own sessions, newest first",
    errors=(NotFoundError,),
    description="Sessions of somebody who acts in the caller's name are among them, with who and why.",
)
REVOKE_MY_SESSION = Operation(
    "sessions.revoke_mine",
    "DELETE",
    "/v1/tenants/{tenant}/me/sessions/{session}",
    RevokeMySessionInput,
    NoneType,
    access=SignedIn(),
    summary="End one of one's own sessions",
    errors=(NotFoundError,),
    status=204,
)
REVOKE_MY_SESSIONS = Operation(
    "sessions.revoke_all_mine",
    "DELETE",
    "/v1/tenants/{tenant}/me/sessions",
    RevokeMySessionsInput,
    RevokeSessionsResponse,
    access=SignedIn(),
    summary="End one's own sessions, all or all others",
    errors=(NotFoundError,),
)
LIST_USER_SESSIONS = Operation(
    "sessions.list",
    "GET",
    "/v1/tenants/{tenant}/users/{user}/sessions",
    ListUserSessionsInput,
    ListUserSessionsResponse,
    access=TenantPermission("sessions:read"),
    summary="List a user's sessions, newest first",
    errors=(NotFoundError,),
)
REVOKE_USER_SESSION = Operation(
    "sessions.revoke",
    "DELETE",
    "/v1/tenants/{tenant}/users/{user}/sessions/{session}",
    RevokeUserSessionInput,
    NoneType,
    access=TenantPermission("sessions:write"),
    summary="End a user's session",
    errors=(NotFoundError,),
    status=204,
)
REVOKE_USER_SESSIONS = Operation(
    "sessions.revoke_all",
    "DELETE",
    "/v1/tenants/{tenant}/users/{user}/sessions",
    RevokeUserSessionsInput,
    RevokeSessionsResponse,
    access=TenantPermission("sessions:write"),
    summary="End all sessions of a user",
    errors=(NotFoundError,),
)
SEARCH_SESSIONS = Operation(
    "sessions.search",
    "GET",
    "/v1/tenants/{tenant}/sessions",
    SearchSessionsInput,
    SearchSessionsResponse,
    access=TenantPermission("sessions:read"),
    summary="List a tenant's sessions by user, connector, address, state or time, newest first",
    errors=(NotFoundError,),
    description="Ended sessions are kept, with when, why and by whom they ended.",
)
REVOKE_MATCHING_SESSIONS = Operation(
    "sessions.revoke_matching",
    "POST",
    "/v1/tenants/{tenant}/sessions/revoke-matching",
    RevokeMatchingSessionsInput,
    RevokeMatchingSessionsResponse,
    access=TenantPermission("sessions:write"),
    summary="End a tenant's sessions by user, connector, address or time, all or none",
    errors=(NotFoundError,),
    description="With `dryRun` nothing ends. The session that asks stays, unless `includeCurrent` says otherwise.",
)

OPERATIONS = (
    LIST_MY_SESSIONS,
    REVOKE_MY_SESSION,
    REVOKE_MY_SESSIONS,
    LIST_USER_SESSIONS,
    REVOKE_USER_SESSION,
    REVOKE_USER_SESSIONS,
    SEARCH_SESSIONS,
    REVOKE_MATCHING_SESSIONS,
)
