from collections.abc import Mapping
from typing import NamedTuple

from central.auth.events import SignInFailure
from central.errors import BadRequestError, UnavailableError
from central.kernel.ids import TenantId
from central_server.auth.gains import wanted_claims
from central_server.auth.logins import LoginTransactions
from central_server.auth.providers import Answer, Provider, ProviderKinds, Vouched
from central_server.auth.tables import DBLoginTransaction
from central_server.auth_connectors.client_secrets import ClientSecrets
from central_server.auth_connectors.mapping import callback_address
from central_server.auth_connectors.tables import DBAuthConnector
from central_server.infra.config import Settings
from central_server.infra.logs import component_logger
from central_server.infra.oidc import OidcError

_NOT_RECENT = ("auth_time_missing", "auth_time_too_old")


class CallbackQuery(NamedTuple):
    """What the provider sent along with the browser."""

    state: str | None
    code: str | None
    error: str | None
    iss: str | None


class AnswerRefusedError(Exception):
    """A provider's answer lets nobody in; `fault` is its own word for it, or that for what was wrong with it."""

    def __init__(self, reason: SignInFailure, fault: str | None) -> None:
        super().__init__(reason, fault)
        self.reason: SignInFailure = reason
        self.fault = fault


class ProviderAnswers:
    """Finds out from what came back with a browser whom the provider vouches for."""

    def __init__(
        self, kinds: ProviderKinds, secrets: ClientSecrets, logins: LoginTransactions, settings: Settings
    ) -> None:
        self.kinds = kinds
        self.secrets = secrets
        self.logins = logins
        self.public_url = settings.public_url
        self.log = component_logger(self)

    async def vouch(
        self, tenant: TenantId, connector: DBAuthConnector, login: DBLoginTransaction, query: CallbackQuery
    ) -> Vouched:
        """Give whom the provider vouches for; raises `AnswerRefusedError`, or `UnavailableError` to try again."""
        try:
            provider = await self.kinds.open(connector)
            if provider.issuer != login["issuer"]:
                raise AnswerRefusedError("token_refused", "issuer_mismatch")
            provider.check_callback(query.iss)
            if query.error is not None or query.code is None:
                raise AnswerRefusedError("provider_refused", query.error)
            return await self._exchange(tenant, connector, provider, login, query.code)
        except OidcError as error:
            self.log.warning("provider's answer refused", connector=connector["id"], reason=error.reason)
            if error.transient:
                raise UnavailableError(error.message, code=error.reason, retry_after=5) from None
            reason: SignInFailure = "not_recent" if error.reason in _NOT_RECENT else "token_refused"
            raise AnswerRefusedError(reason, error.reason) from None

    async def _exchange(
        self,
        tenant: TenantId,
        connector: DBAuthConnector,
        provider: Provider,
        login: DBLoginTransaction,
        code: str,
    ) -> Vouched:
        """Exchange the code by the newest secret, and by the one before where the provider does not take that."""
        secrets: list[str | None] = [*await self.secrets.open_all(tenant, connector["id"])]
        first, *others = secrets or [None]
        redirect_uri = callback_address(self.public_url, tenant, connector["id"])
        answer = Answer(code, redirect_uri, self.logins.verifier_of(tenant, login), first)
        wanted = wanted_claims(connector)
        for other in others:
            try:
                return await provider.vouch(login, answer, wanted)
            except OidcError as error:
                if error.reason != "client_rejected":
                    raise
                self.log.warning("client secret refused, trying the other", connector=connector["id"])
                answer = answer._replace(client_secret=other)
        return await provider.vouch(login, answer, wanted)


def callback_query(query: Mapping[str, str]) -> CallbackQuery:
    """Read a callback's query; raises `BadRequestError` for values of an absurd length."""
    if any(len(value) > 4096 for value in query.values()):
        raise BadRequestError("The callback's query is too long.", code="malformed_query")
    return CallbackQuery(query.get("state"), query.get("code"), query.get("error"), query.get("iss"))
