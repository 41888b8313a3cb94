from central.auth_connectors.checks import AuthConnectorCheck, CheckAuthConnectorInput
from central.auth_connectors.operations import CHECK_AUTH_CONNECTOR, GET_CONNECTOR_TEST, START_CONNECTOR_TEST
from central.auth_connectors.trials import (
    ConnectorTest,
    GetConnectorTestInput,
    StartConnectorTestInput,
    StartConnectorTestResponse,
)
from central.identities.models import (
    ListIdentitiesInput,
    ListIdentitiesResponse,
    ListMyIdentitiesInput,
    ListMyIdentitiesResponse,
    UnlinkIdentityInput,
)
from central.identities.operations import LIST_IDENTITIES, LIST_MY_IDENTITIES, UNLINK_IDENTITY
from central_server.auth.connector_checks import ConnectorChecks
from central_server.auth.identity_links import IdentityLinks
from central_server.auth_connectors.trials import ConnectorTrials
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles


class ConnectorRoutes:
    """Serves what is asked of connectors and needs their providers, and who people are there."""

    def __init__(self, trials: ConnectorTrials, checks: ConnectorChecks, links: IdentityLinks) -> None:
        self.trials = trials
        self.checks = checks
        self.links = links

    @handles(START_CONNECTOR_TEST)
    async def start_test(self, input: StartConnectorTestInput, actor: Actor) -> StartConnectorTestResponse:
        return await self.trials.TX_start(input, actor)

    @handles(GET_CONNECTOR_TEST)
    async def get_test(self, input: GetConnectorTestInput, actor: Actor) -> ConnectorTest:
        return await self.trials.get(input, actor)

    @handles(CHECK_AUTH_CONNECTOR)
    async def check(self, input: CheckAuthConnectorInput, actor: Actor) -> AuthConnectorCheck:
        return await self.checks.check(input, actor)

    @handles(LIST_MY_IDENTITIES)
    async def list_mine(self, input: ListMyIdentitiesInput, actor: Actor) -> ListMyIdentitiesResponse:
        return await self.links.list_mine(input, actor)

    @handles(LIST_IDENTITIES)
    async def list(self, input: ListIdentitiesInput, actor: Actor) -> ListIdentitiesResponse:
        return await self.links.list(input, actor)

    @handles(UNLINK_IDENTITY)
    async def unlink(self, input: UnlinkIdentityInput, actor: Actor) -> None:
        await self.links.TX_unlink(input, actor)
