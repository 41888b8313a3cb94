from types import NoneType

from central.access import Anyone, TenantPermission
from central.auth_connectors.models import (
    AuthConnector,
    CreateAuthConnectorInput,
    DeleteAuthConnectorInput,
    DisableAuthConnectorInput,
    EnableAuthConnectorInput,
    GetAuthConnectorInput,
    GetTenantAuthConnectorsPublicResponse,
    GetTenantAuthConnectorsResponse,
    ListAuthConnectorsInput,
    ListAuthConnectorsPublicInput,
    UpdateAuthConnectorInput,
)
from central.errors import ConflictError, NotFoundError
from central.kernel.operation import Operation

CREATE_AUTH_CONNECTOR = Operation(
    "auth_connectors.create",
    "POST",
    "/v1/tenants/{tenant}/auth-connectors",
    CreateAuthConnectorInput,
    AuthConnector,
    access=TenantPermission("auth-connectors:write", fresh=True),
    summary="Create a connector",
    errors=(NotFoundError, ConflictError),
    status=201,
    description="For `oidc` the provider's discovery document is fetched and checked first.",
)
LIST_AUTH_CONNECTORS = Operation(
    "auth_connectors.list",
    "GET",
    "/v1/tenants/{tenant}/auth-connectors",
    ListAuthConnectorsInput,
    GetTenantAuthConnectorsResponse,
    access=TenantPermission("auth-connectors:read"),
    summary="List connectors, oldest first",
    errors=(NotFoundError,),
)
LIST_AUTH_CONNECTORS_PUBLIC = Operation(
    "auth_connectors.list_public",
    "GET",
    "/v1/tenants/{tenant}/auth-connectors/public",
    ListAuthConnectorsPublicInput,
    GetTenantAuthConnectorsPublicResponse,
    access=Anyone(),
    summary="List the enabled connectors for a sign-in page: names and kinds",
    errors=(NotFoundError,),
)
GET_AUTH_CONNECTOR = Operation(
    "auth_connectors.get",
    "GET",
    "/v1/tenants/{tenant}/auth-connectors/{connector}",
    GetAuthConnectorInput,
    AuthConnector,
    access=TenantPermission("auth-connectors:read"),
    summary="Get a connector",
    errors=(NotFoundError,),
)
UPDATE_AUTH_CONNECTOR = Operation(
    "auth_connectors.update",
    "PATCH",
    "/v1/tenants/{tenant}/auth-connectors/{connector}",
    UpdateAuthConnectorInput,
    AuthConnector,
    access=TenantPermission("auth-connectors:write", fresh=True),
    summary="Change a connector's name, settings or provisioning",
    errors=(NotFoundError, ConflictError),
)
DISABLE_AUTH_CONNECTOR = Operation(
    "auth_connectors.disable",
    "POST",
    "/v1/tenants/{tenant}/auth-connectors/{connector}/disable",
    DisableAuthConnectorInput,
    AuthConnector,
    access=TenantPermission("auth-connectors:write", fresh=True),
    summary="Disable a connector: nobody signs in by it, not even who has begun to, and its sessions end",
    errors=(NotFoundError, ConflictError),
)
ENABLE_AUTH_CONNECTOR = Operation(
    "auth_connectors.enable",
    "POST",
    "/v1/tenants/{tenant}/auth-connectors/{connector}/enable",
    EnableAuthConnectorInput,
    AuthConnector,
    access=TenantPermission("auth-connectors:write", fresh=True),
    summary="Enable a disabled connector",
    errors=(NotFoundError,),
)
DELETE_AUTH_CONNECTOR = Operation(
    "auth_connectors.delete",
    "DELETE",
    "/v1/tenants/{tenant}/auth-connectors/{connector}",
    DeleteAuthConnectorInput,
    NoneType,
    access=TenantPermission("auth-connectors:write", fresh=True),
    summary="Delete a connector with the identities that people have by it",
    errors=(NotFoundError, ConflictError),
    status=204,
)

OPERATIONS = (
    CREATE_AUTH_CONNECTOR,
    LIST_AUTH_CONNECTORS,
    LIST_AUTH_CONNECTORS_PUBLIC,
    GET_AUTH_CONNECTOR,
    UPDATE_AUTH_CONNECTOR,
    DISABLE_AUTH_CONNECTOR,
    ENABLE_AUTH_CONNECTOR,
    DELETE_AUTH_CONNECTOR,
)
