from collections.abc import Mapping

from pydantic import ValidationError

from central.auth.models import StartProviderSignInInput, StartProviderSignInResponse
from central.errors import ConflictError, ForbiddenError, NotFoundError, UnavailableError, ValidationFailedError
from central.kernel.ids import AuthConnectorId, TenantId
from central_server.auth.codes import active_tenant
from central_server.auth.connector_tests import ConnectorTests
from central_server.auth.identities import Identities, Person
from central_server.auth.issuing import Previous, SessionIssuer
from central_server.auth.logins import LoginTransactions
from central_server.auth.policy import check_return_to, fault_of, reason_of, refusal
from central_server.auth.provider_answers import AnswerRefusedError, CallbackQuery, ProviderAnswers
from central_server.auth.provider_sessions import ProviderSessions
from central_server.auth.providers import Provider, ProviderKinds, Vouched, Wishes
from central_server.auth.provisioner import Provisioner
from central_server.auth.refusals import SignInRefusals
from central_server.auth.tables import DBLoginTransaction
from central_server.auth_connectors.mapping import MAIL, callback_address
from central_server.auth_connectors.service import AuthConnectorService
from central_server.auth_connectors.tables import DBAuthConnector
from central_server.infra.actor import Caller
from central_server.infra.config import Settings
from central_server.infra.db import Database
from central_server.infra.oidc import OidcError
from central_server.sessions.service import IssuedSession
from central_server.tenants.service import TenantService

_ATTEMPTS = 3


class ProviderSignIn:
    """Signing in at a provider, be it one of OpenID Connect or of OAuth 2.0 alone: by an authorization code with PKCE.

    A sign-in is used up, once, within ten minutes, by the browser that began it, before the code is exchanged.
    """

    def __init__(
        self,
        db: Database,
        tenants: TenantService,
        auth_connectors: AuthConnectorService,
        kinds: ProviderKinds,
        logins: LoginTransactions,
        answers: ProviderAnswers,
        tests: ConnectorTests,
        identities: Identities,
        provisioner: Provisioner,
        issuer: SessionIssuer,
        refusals: SignInRefusals,
        provider_sessions: ProviderSessions,
        settings: Settings,
    ) -> None:
        self.db = db
        self.tenants = tenants
        self.auth_connectors = auth_connectors
        self.kinds = kinds
        self.logins = logins
        self.answers = answers
        self.tests = tests
        self.identities = identities
        self.provisioner = provisioner
        self.issuer = issuer
        self.refusals = refusals
        self.provider_sessions = provider_sessions
        self.settings = settings

    async def TX_start(self, input: StartProviderSignInInput, caller: Caller) -> StartProviderSignInResponse:
        """Begin a sign-in, and say where to send the browser; binds it to the browser by a cookie."""
        tenant = (await self.tenants.with_tenant_by_ref(input.tenant or "", active_tenant)).id
        connector = await self._enabled_connector(tenant, input.connector)
        return_to = check_return_to(input.return_to, self.settings.public_url, self.settings.allowed_origins)
        provider = await self._provider(connector)
        if input.max_age is not None and not provider.tells_age:
            raise refusal("not_recent")
        begun = await self.logins.TX_begin(
            tenant, connector["id"], provider.issuer, return_to, caller, max_age=input.max_age
        )
        wishes = Wishes(input.login_hint, input.prompt, input.max_age)
        address = provider.address(begun, callback_address(self.settings.public_url, tenant, connector["id"]), wishes)
        return StartProviderSignInResponse(sign_in=begun.id, authorization_url=address, expires_at=begun.expires_at)

    async def TX_finish(self, tenant_ref: str, connector_ref: str, query: CallbackQuery, caller: Caller) -> str:
        """Finish a sign-in, or a test, that comes back from its provider; gives where the browser returns to.

        `GoneError` when there is no such sign-in for this browser, `ForbiddenError` when the person is refused.
        """
        tenant = (await self.tenants.with_tenant_by_ref(tenant_ref, active_tenant)).id
        login = await self.logins.TX_consume(tenant, connector_ref, query.state, caller)
        if login["test_id"] is not None:
            return await self.tests.TX_finish(tenant, login, query, caller)
        connector = await self._still_enabled(tenant, login, caller)
        vouched = await self._vouched(tenant, connector, login, query, caller)
        previous = await self.issuer.previous_session(caller)
        issued = await self._sign_in(tenant, login, vouched, caller, previous)
        await self.issuer.welcome(issued, caller)
        return login["return_to"]

    async def _vouched(
        self,
        tenant: TenantId,
        connector: DBAuthConnector,
        login: DBLoginTransaction,
        query: CallbackQuery,
        caller: Caller,
    ) -> Vouched:
        """Find out who came back; tells the tenant's administrators why, if that fails."""
        try:
            return await self.answers.vouch(tenant, connector, login, query)
        except AnswerRefusedError as error:
            told = fault_of(error.fault)
            await self.refusals.TX_tell(
                tenant, login["connector_id"], error.reason, caller, sign_in=login["id"], fault=told
            )
            raise refusal(error.reason) from None

    async def _sign_in(
        self,
        tenant: TenantId,
        login: DBLoginTransaction,
        vouched: Vouched,
        caller: Caller,
        previous: Previous | None,
    ) -> IssuedSession:
        """Find, link or create the user and give them a session; a lost race is run again."""
        for attempt in range(_ATTEMPTS):
            try:
                return await self._TX_sign_in(tenant, login, vouched, caller, previous)
            except ConflictError:
                if attempt == _ATTEMPTS - 1:
                    raise
            except ForbiddenError as error:
                await self._tell(tenant, login, error, caller)
                raise
        raise AssertionError("the loop returns or raises")

    async def _TX_sign_in(
        self,
        tenant: TenantId,
        login: DBLoginTransaction,
        vouched: Vouched,
        caller: Caller,
        previous: Previous | None,
    ) -> IssuedSession:
        async with self.db.write(tenant) as tx:
            # Read under the lock of the gate's order: a connector that changed meanwhile decides as it is now.
            connector = await self.auth_connectors.hold_enabled_auth_connector(tenant, login["connector_id"], tx)
            person = Person(connector["id"], login["issuer"], vouched.subject, vouched.profile)
            admitted = await self.identities.admit(tenant, connector, person, caller, tx)
            await self.issuer.hold_active(tenant, admitted.user, connector["id"], tx)
            await self.provisioner.take_over(
                tenant, admitted.user, admitted.identity, connector, vouched.claims, caller.by, tx
            )
            issued = await self.issuer.issue_session(
                tenant,
                admitted.user,
                connector["id"],
                caller,
                tx,
                previous=previous,
                proves_email=admitted.proves_email,
                authenticated_at=vouched.authenticated_at,
            )
            if vouched.id_token is not None:
                await self.provider_sessions.keep(tenant, issued.row["id"], vouched.id_token, tx)
            return issued

    async def _enabled_connector(self, tenant: TenantId, connector: AuthConnectorId) -> DBAuthConnector:
        row = await self.auth_connectors.get_auth_connector_by_id(tenant, connector)
        if row is None or row["kind"] == MAIL:
            raise NotFoundError.of("auth connector")
        if not row["enabled"]:
            raise refusal("connector_disabled")
        return row

    async def _still_enabled(self, tenant: TenantId, login: DBLoginTransaction, caller: Caller) -> DBAuthConnector:
        """Find the connector of a sign-in that was begun; tells of it, if it was disabled meanwhile."""
        try:
            return await self._enabled_connector(tenant, login["connector_id"])
        except ForbiddenError as error:
            await self._tell(tenant, login, error, caller)
            raise

    async def _provider(self, connector: DBAuthConnector) -> Provider:
        try:
            return await self.kinds.open(connector)
        except OidcError as error:
            raise UnavailableError(
                f"The identity provider cannot be used now: {error.message}", code=error.reason, retry_after=30
            ) from None

    async def _tell(self, tenant: TenantId, login: DBLoginTransaction, error: ForbiddenError, caller: Caller) -> None:
        await self.refusals.TX_tell(tenant, login["connector_id"], reason_of(error), caller, sign_in=login["id"])


def start_input(path: Mapping[str, str], query: Mapping[str, str]) -> StartProviderSignInInput:
    """Read the start of a sign-in from an address; raises `ValidationFailedError`."""
    try:
        return StartProviderSignInInput.model_validate({**query, **path}, by_alias=True, by_name=False)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise ValidationFailedError.from_details(details) from None
