from central.auth_connectors.checks import AuthConnectorCheck, CheckAuthConnectorInput
from central.auth_connectors.operations import CHECK_AUTH_CONNECTOR, GET_CONNECTOR_TEST, START_CONNECTOR_TEST
from central.auth_connectors.trials import (
    ConnectorTest,
    GetConnectorTestInput,
    StartConnectorTestInput,
    StartConnectorTestResponse,
)
from central_server.auth.connector_checks import ConnectorChecks
from central_server.auth_connectors.trials import ConnectorTrials
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles


class ConnectorTestRoutes:
    """Serves the tests and the check of connectors, which need their providers."""

    def __init__(self, trials: ConnectorTrials, checks: ConnectorChecks) -> None:
        self.trials = trials
        self.checks = checks

    @handles(START_CONNECTOR_TEST)
    async def start_test(self, input: StartConnectorTestInput, actor: Actor) -> StartConnectorTestResponse:
        return await self.trials.TX_start(input, actor)

    @handles(GET_CONNECTOR_TEST)
    async def get_test(self, input: GetConnectorTestInput, actor: Actor) -> ConnectorTest:
        return await self.trials.get(input, actor)

    @handles(CHECK_AUTH_CONNECTOR)
    async def check(self, input: CheckAuthConnectorInput, actor: Actor) -> AuthConnectorCheck:
        return await self.checks.check(input, actor)
