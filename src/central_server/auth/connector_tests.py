from typing import Any

from central.auth.events import SignInFailure
from central.auth_connectors.trials import ConnectorTest
from central.errors import UnavailableError
from central.kernel.ids import TenantId
from central_server.auth.gains import claim_names, gains_of
from central_server.auth.identities import Identities, Person
from central_server.auth.logins import LoginTransactions
from central_server.auth.policy import fault_of, refusal
from central_server.auth.provider_answers import AnswerRefusedError, CallbackQuery, ProviderAnswers
from central_server.auth.providers import Provider, ProviderKinds, Vouched, Wishes
from central_server.auth.tables import DBLoginTransaction
from central_server.auth_connectors.mapping import callback_address
from central_server.auth_connectors.service import AuthConnectorService
from central_server.auth_connectors.tables import DBAuthConnector
from central_server.auth_connectors.trials import ConnectorTrials
from central_server.infra.actor import Caller
from central_server.infra.config import Settings
from central_server.infra.db import Database
from central_server.infra.oidc import OidcError


class ConnectorTests:
    """Tries a connector with a real person at its real provider; signs nobody in, makes and changes nobody."""

    def __init__(
        self,
        db: Database,
        trials: ConnectorTrials,
        auth_connectors: AuthConnectorService,
        kinds: ProviderKinds,
        logins: LoginTransactions,
        answers: ProviderAnswers,
        identities: Identities,
        settings: Settings,
    ) -> None:
        self.db = db
        self.trials = trials
        self.auth_connectors = auth_connectors
        self.kinds = kinds
        self.logins = logins
        self.answers = answers
        self.identities = identities
        self.public_url = settings.public_url

    async def find(self, tenant: TenantId, test: str, key: str, caller: Caller) -> ConnectorTest:
        """Find a test by its link, or for the browser that has gone on with it; `NotFoundError` for none."""
        return await self.trials.find(tenant, test, key, caller.cookies.sign_in or "")

    async def TX_open(self, tenant: TenantId, test: str, key: str, caller: Caller) -> str:
        """Go on with a test; gives where to send the browser. `GoneError` when it is over.

        A provider that cannot even be asked who it is fails the test, and `UnavailableError` says so.
        """
        row = await self.trials.TX_bind(tenant, test, key, self.logins.bind(caller))
        connector = await self._connector(tenant, row["connector_id"])
        try:
            provider = await self.kinds.open(connector)
        except OidcError as error:
            await self.trials.TX_end(
                tenant, row["id"], _failed("token_refused", error.reason), caller.by, succeeded=False
            )
            raise UnavailableError(
                f"The identity provider cannot be used now: {error.message}", code=error.reason
            ) from None
        return await self._begin(tenant, connector, provider, row["id"], caller)

    async def TX_finish(self, tenant: TenantId, login: DBLoginTransaction, query: CallbackQuery, caller: Caller) -> str:
        """Record what came of a test that comes back from its provider; gives where the result is shown."""
        assert login["test_id"] is not None, "it only tries the connector"
        connector, succeeded = await self._connector(tenant, login["connector_id"]), False
        try:
            vouched = await self.answers.vouch(tenant, connector, login, query)
            result, succeeded = await self._described(tenant, connector, login, vouched), True
        except AnswerRefusedError as error:
            result = _failed(error.reason, error.fault)
        except UnavailableError as error:
            result = _failed("token_refused", error.code)
        await self.trials.TX_end(tenant, login["test_id"], result, caller.by, succeeded=succeeded)
        return login["return_to"]

    async def _begin(
        self, tenant: TenantId, connector: DBAuthConnector, provider: Provider, test: Any, caller: Caller
    ) -> str:
        return_to = f"/t/{tenant}/connector-tests/{test}"
        begun = await self.logins.TX_begin(tenant, connector["id"], provider.issuer, return_to, caller, test=test)
        return provider.address(begun, callback_address(self.public_url, tenant, connector["id"]), Wishes())

    async def _connector(self, tenant: TenantId, connector: Any) -> DBAuthConnector:
        row = await self.auth_connectors.get_auth_connector_by_id(tenant, connector)
        if row is None:
            raise refusal("connector_disabled")
        return row

    async def _described(
        self, tenant: TenantId, connector: DBAuthConnector, login: DBLoginTransaction, vouched: Vouched
    ) -> dict[str, Any]:
        """Say whom the provider vouched for, what they would gain, and what a sign-in of theirs would have done."""
        gains, profile = gains_of(connector, vouched.claims), vouched.profile
        person = Person(connector["id"], login["issuer"], vouched.subject, profile)
        outcome, reason = await self.identities.foresee(tenant, connector, person, self.db.read(tenant))
        return {
            "subject": vouched.subject,
            "email": profile.email,
            "email_verified": profile.email_verified,
            "display_name": profile.name,
            "claims": claim_names(vouched.claims),
            "attributes": gains.attributes,
            "groups": gains.groups,
            "roles": gains.roles,
            "outcome": outcome,
            "outcome_reason": reason,
        }


def _failed(reason: SignInFailure, fault: str | None) -> dict[str, Any]:
    return {"reason": reason, "fault": fault_of(fault)}
