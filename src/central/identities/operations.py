from types import NoneType

from central.access import SignedIn, TenantPermission
from central.errors import NotFoundError
from central.identities.models import (
    ListIdentitiesInput,
    ListIdentitiesResponse,
    ListMyIdentitiesInput,
    ListMyIdentitiesResponse,
    UnlinkIdentityInput,
)
from central.kernel.operation import Operation

LIST_MY_IDENTITIES = Operation(
    "identities.list_mine",
    "GET",
    "/v1/tenants/{tenant}/me/identities",
    ListMyIdentitiesInput,
    ListMyIdentitiesResponse,
    access=SignedIn(impersonation="refused"),
    summary="List who one is at identity providers, with what they last said",
    errors=(NotFoundError,),
)
LIST_IDENTITIES = Operation(
    "identities.list",
    "GET",
    "/v1/tenants/{tenant}/users/{user}/identities",
    ListIdentitiesInput,
    ListIdentitiesResponse,
    access=TenantPermission("users:read"),
    summary="List who a user is at identity providers",
    errors=(NotFoundError,),
)
UNLINK_IDENTITY = Operation(
    "identities.unlink",
    "DELETE",
    "/v1/tenants/{tenant}/users/{user}/identities/{identity}",
    UnlinkIdentityInput,
    NoneType,
    access=TenantPermission("users:write", fresh=True),
    summary="Unlink a user from an identity, and end their sessions",
    errors=(NotFoundError,),
    status=204,
)

OPERATIONS = (LIST_MY_IDENTITIES, LIST_IDENTITIES, UNLINK_IDENTITY)
