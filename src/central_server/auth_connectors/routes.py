from central.auth_connectors.models import (
    AddClientSecretInput,
    AuthConnector,
    CreateAuthConnectorInput,
    DeleteAuthConnectorInput,
    DisableAuthConnectorInput,
    EnableAuthConnectorInput,
    GetAuthConnectorInput,
    GetTenantAuthConnectorsResponse,
    ListAuthConnectorsInput,
    RemoveClientSecretInput,
    UpdateAuthConnectorInput,
)
from central.auth_connectors.operations import (
    ADD_CLIENT_SECRET,
    CREATE_AUTH_CONNECTOR,
    DELETE_AUTH_CONNECTOR,
    DISABLE_AUTH_CONNECTOR,
    ENABLE_AUTH_CONNECTOR,
    GET_AUTH_CONNECTOR,
    LIST_AUTH_CONNECTORS,
    REMOVE_CLIENT_SECRET,
    UPDATE_AUTH_CONNECTOR,
)
from central_server.auth_connectors.service import AuthConnectorService
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles


class AuthConnectorRoutes:
    """Serves the operations on connectors that administrators call."""

    def __init__(self, auth_connectors: AuthConnectorService) -> None:
        self.auth_connectors = auth_connectors

    @handles(CREATE_AUTH_CONNECTOR)
    async def create(self, input: CreateAuthConnectorInput, actor: Actor) -> AuthConnector:
        return await self.auth_connectors.TX_create_auth_connector(input, actor)

    @handles(LIST_AUTH_CONNECTORS)
    async def list(self, input: ListAuthConnectorsInput, actor: Actor) -> GetTenantAuthConnectorsResponse:
        return await self.auth_connectors.list(input, actor)

    @handles(GET_AUTH_CONNECTOR)
    async def get(self, input: GetAuthConnectorInput, actor: Actor) -> AuthConnector:
        return await self.auth_connectors.get(input, actor)

    @handles(UPDATE_AUTH_CONNECTOR)
    async def update(self, input: UpdateAuthConnectorInput, actor: Actor) -> AuthConnector:
        return await self.auth_connectors.TX_update_auth_connector(input, actor)

    @handles(ENABLE_AUTH_CONNECTOR)
    async def enable(self, input: EnableAuthConnectorInput, actor: Actor) -> AuthConnector:
        return await self.auth_connectors.TX_enable_auth_connector(input, actor)

    @handles(DISABLE_AUTH_CONNECTOR)
    async def disable(self, input: DisableAuthConnectorInput, actor: Actor) -> AuthConnector:
        return await self.auth_connectors.TX_disable_auth_connector(input, actor)

    @handles(DELETE_AUTH_CONNECTOR)
    async def delete(self, input: DeleteAuthConnectorInput, actor: Actor) -> None:
        await self.auth_connectors.TX_delete_auth_connector(input, actor)

    @handles(ADD_CLIENT_SECRET)
    async def add_secret(self, input: AddClientSecretInput, actor: Actor) -> AuthConnector:
        return await self.auth_connectors.TX_add_client_secret(input, actor)

    @handles(REMOVE_CLIENT_SECRET)
    async def remove_secret(self, input: RemoveClientSecretInput, actor: Actor) -> None:
        await self.auth_connectors.TX_remove_client_secret(input, actor)
