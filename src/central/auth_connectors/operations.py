from types import NoneType

from central.access import Anyone, TenantPermission
from central.auth_connectors.checks import AuthConnectorCheck, CheckAuthConnectorInput
from central.auth_connectors.models import (
    AddClientSecretInput,
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
    RemoveClientSecretInput,
    UpdateAuthConnectorInput,
)
from central.auth_connectors.trials import (
    ConnectorTest,
    GetConnectorTestInput,
    StartConnectorTestInput,
    StartConnectorTestResponse,
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
    description="For `oidc` the provider's discovery document is fetched and checked first. A connector for a provider "
    "is disabled until a test sign-in has succeeded.",
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
    errors=(NotFoundError, ConflictError),
    description="One for a provider takes a test sign-in that has succeeded, or `force`, which the event tells.",
)
DELETE_AUTH_CONNECTOR = Operation(
    "auth_connectors.delete",
    "DELETE",
    "/v1/tenants/{tenant}/auth-connectors/{connector}",
    DeleteAuthConnectorInput,
    NoneType,
    access=TenantPermission("auth-connectors:write", fresh=True),
    summary="Delete a connector with the identities that people have by it, and end its sessions",
    errors=(NotFoundError, ConflictError),
    status=204,
)

ADD_CLIENT_SECRET = Operation(
    "auth_connectors.add_secret",
    "POST",
    "/v1/tenants/{tenant}/auth-connectors/{connector}/secrets",
    AddClientSecretInput,
    AuthConnector,
    access=TenantPermission("auth-connectors:write", fresh=True),
    summary="Give a connector a second client secret, to change over without a gap",
    errors=(NotFoundError, ConflictError),
    status=201,
)
REMOVE_CLIENT_SECRET = Operation(
    "auth_connectors.remove_secret",
    "DELETE",
    "/v1/tenants/{tenant}/auth-connectors/{connector}/secrets/{secret}",
    RemoveClientSecretInput,
    NoneType,
    access=TenantPermission("auth-connectors:write", fresh=True),
    summary="Forget a client secret of a connector that has another one",
    errors=(NotFoundError, ConflictError),
    status=204,
)
START_CONNECTOR_TEST = Operation(
    "auth_connectors.start_test",
    "POST",
    "/v1/tenants/{tenant}/auth-connectors/{connector}/tests",
    StartConnectorTestInput,
    StartConnectorTestResponse,
    access=TenantPermission("auth-connectors:write"),
    summary="Begin a test sign-in by a connector, enabled or not",
    errors=(NotFoundError, ConflictError),
    status=201,
    secret=True,
    description="Open `link` in a browser within ten minutes; nobody is signed in by it, and nobody made.",
)
GET_CONNECTOR_TEST = Operation(
    "auth_connectors.get_test",
    "GET",
    "/v1/tenants/{tenant}/auth-connectors/{connector}/tests/{test}",
    GetConnectorTestInput,
    ConnectorTest,
    access=TenantPermission("auth-connectors:read"),
    summary="See what came of a test sign-in",
    errors=(NotFoundError,),
)
CHECK_AUTH_CONNECTOR = Operation(
    "auth_connectors.check",
    "GET",
    "/v1/tenants/{tenant}/auth-connectors/{connector}/check",
    CheckAuthConnectorInput,
    AuthConnectorCheck,
    access=TenantPermission("auth-connectors:read"),
    summary="Look whether a connector works, and what has gone wrong by it lately",
    errors=(NotFoundError,),
    description="Asks the provider now: its discovery document, its keys, its clock.",
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
    ADD_CLIENT_SECRET,
    REMOVE_CLIENT_SECRET,
    START_CONNECTOR_TEST,
    GET_CONNECTOR_TEST,
    CHECK_AUTH_CONNECTOR,
)
