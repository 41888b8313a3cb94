from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import time
from typing import NamedTuple

from pydantic import ValidationError

from central.auth.events import SignInFailure
from central.auth.models import StartOidcSignInInput, StartOidcSignInResponse
from central.errors import (
    BadRequestError,
    ConflictError,
    ForbiddenError,
    GoneError,
    NotFoundError,
    UnavailableError,
    ValidationFailedError,
)
from central.kernel.ids import AuthConnectorId, SignInId, TenantId
from central_server.auth import queries
from central_server.auth.codes import active_tenant
from central_server.auth.identities import Identities, Person
from central_server.auth.issuing import Previous, SessionIssuer
from central_server.auth.policy import check_return_to, fault_of, reason_of, refusal
from central_server.auth.provider_sessions import ProviderSessions
from central_server.auth.refusals import SignInRefusals
from central_server.auth.tables import DBLoginTransaction
from central_server.auth_connectors.mapping import callback_address
from central_server.auth_connectors.service import AuthConnectorService
from central_server.auth_connectors.tables import DBAuthConnector
from central_server.infra.actor import Caller
from central_server.infra.config import Settings
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.http.cookies import CookieNames
from central_server.infra.logs import component_logger
from central_server.infra.oidc import (
    OidcError,
    ProviderMetadata,
    Providers,
    authorization_url,
    challenge_s256,
    exchange_code,
    fetch_userinfo,
    new_verifier,
    read_profile,
    verified_claims,
    verify_auth_time,
    verify_callback_issuer,
)
from central_server.infra.outbound import OutboundClient
from central_server.infra.tokens import is_token, new_token, token_hash
from central_server.infra.vault import Vault, associated_data
from central_server.sessions.service import IssuedSession
from central_server.tenants.service import TenantService

LIFETIME = timedelta(minutes=10)
_ATTEMPTS = 3
_NOT_RECENT = ("auth_time_missing", "auth_time_too_old")


class CallbackQuery(NamedTuple):
    """What the provider sent along with the browser."""

    state: str | None
    code: str | None
    error: str | None
    iss: str | None


class Identified(NamedTuple):
    """Somebody whom a provider vouches for, and the token that ends their session there, where it offers that."""

    person: Person
    id_token: str | None


class OidcSignIn:
    """Signing in at an OpenID provider: authorization code with PKCE, `state` and `nonce`.

    A sign-in is a row, used up once, within ten minutes, by the browser that began it, before the code is exchanged.
    """

    def __init__(
        self,
        db: Database,
        tenants: TenantService,
        identities: Identities,
        auth_connectors: AuthConnectorService,
        issuer: SessionIssuer,
        refusals: SignInRefusals,
        provider_sessions: ProviderSessions,
        vault: Vault,
        providers: Providers,
        outbound: OutboundClient,
        cookies: CookieNames,
        settings: Settings,
    ) -> None:
        self.db = db
        self.tenants = tenants
        self.identities = identities
        self.auth_connectors = auth_connectors
        self.issuer = issuer
        self.refusals = refusals
        self.provider_sessions = provider_sessions
        self.vault = vault
        self.providers = providers
        self.outbound = outbound
        self.cookies = cookies
        self.settings = settings
        self.log = component_logger(self)

    async def TX_start(self, input: StartOidcSignInInput, caller: Caller) -> StartOidcSignInResponse:
        """Begin a sign-in, and say where to send the browser; binds it to the browser by a cookie."""
        tenant = (await self.tenants.with_tenant_by_ref(input.tenant or "", active_tenant)).id
        connector = await self._enabled_connector(tenant, input.connector)
        return_to = check_return_to(input.return_to, self.settings.public_url, self.settings.allowed_origins)
        provider = await self._provider(connector)
        id, secret, nonce, verifier = SignInId.new(), new_token(), new_verifier(), new_verifier()
        state = f"{id}.{secret}"
        binding = caller.cookies.sign_in if is_token(caller.cookies.sign_in) else None
        binding = binding or new_token()
        async with self.db.write(tenant) as tx:
            row = await tx.first(
                queries.INSERT_LOGIN_TRANSACTION,
                tenant_id=tenant,
                id=id,
                connector_id=connector["id"],
                issuer=provider.issuer,
                state_hash=token_hash(state),
                nonce=nonce,
                verifier=self.vault.seal(verifier.encode(), _place(tenant, id)),
                binding_hash=token_hash(binding),
                return_to=return_to,
                max_age=input.max_age,
                lifetime_seconds=int(LIFETIME.total_seconds()),
            )
        assert row is not None, "an INSERT returns its row or raises"
        caller.cookies.set(self.cookies.sign_in, binding, int(LIFETIME.total_seconds()))
        address = authorization_url(
            provider,
            client_id=connector["settings"]["client_id"],
            redirect_uri=self._callback(tenant, connector["id"]),
            scopes=connector["settings"]["scopes"],
            state=state,
            nonce=nonce,
            code_challenge=challenge_s256(verifier),
            login_hint=input.login_hint,
            # Not every provider knows that an age of zero means to ask now (OpenID Connect Core 3.1.2.1).
            prompt=input.prompt or ("login" if input.max_age == 0 else None),
            max_age=input.max_age,
        )
        return StartOidcSignInResponse(sign_in=id, authorization_url=address, expires_at=row["expires_at"])

    async def TX_finish(self, tenant_ref: str, connector_ref: str, query: CallbackQuery, caller: Caller) -> str:
        """Finish a sign-in that comes back from its provider; gives where the browser returns to.

        `GoneError` when there is no such sign-in for this browser, `ForbiddenError` when the person is refused.
        """
        tenant = (await self.tenants.with_tenant_by_ref(tenant_ref, active_tenant)).id
        login = await self._consume(tenant, connector_ref, query.state, caller)
        connector = await self._still_enabled(tenant, login, caller)
        identified = await self._identify(tenant, connector, login, query, caller)
        previous = await self.issuer.previous_session(caller)
        issued = await self._sign_in(tenant, connector, login, identified, caller, previous)
        await self.issuer.welcome(issued, caller)
        return login["return_to"]

    async def find_return(
        self, tenant: TenantId, state: str | None, caller: Caller, executor: ReadExecutor | WriteExecutor | None = None
    ) -> str | None:
        """Find where a sign-in of this browser was to return to, however it ended."""
        try:
            id = SignInId((state or "").partition(".")[0])
        except ValueError:
            return None
        row = await (executor or self.db.autocommit(tenant)).first(
            queries.GET_RETURN,
            tenant_id=tenant,
            id=id,
            state=token_hash(state or ""),
            binding=token_hash(caller.cookies.sign_in or ""),
        )
        return None if row is None else row["return_to"]

    async def _consume(self, tenant: TenantId, connector: str, state: str | None, caller: Caller) -> DBLoginTransaction:
        """Use the login transaction up, in a transaction of its own, before anything else happens."""
        ended = GoneError("This sign-in has ended, or was begun in another browser; begin again.", code="sign_in_ended")
        if state is None or caller.cookies.sign_in is None:
            raise ended
        try:
            id, of_connector = SignInId(state.partition(".")[0]), AuthConnectorId(connector)
        except ValueError:
            raise ended from None
        async with self.db.write(tenant) as tx:
            login = await tx.first(
                queries.CONSUME_LOGIN_TRANSACTION,
                of_tenant=tenant,
                of_id=id,
                of_connector=of_connector,
                state=token_hash(state),
                binding=token_hash(caller.cookies.sign_in),
            )
        if login is None:
            raise ended
        return login

    async def _identify(
        self,
        tenant: TenantId,
        connector: DBAuthConnector,
        login: DBLoginTransaction,
        query: CallbackQuery,
        caller: Caller,
    ) -> Identified:
        """Exchange the code and verify what comes back; tells the tenant's administrators why, if it fails."""
        try:
            provider = await self.providers.metadata(connector["settings"]["issuer"])
            if provider.issuer != login["issuer"]:
                raise await self._refuse(tenant, login, "token_refused", "issuer_mismatch", caller)
            verify_callback_issuer(provider, query.iss)
            if query.error is not None or query.code is None:
                raise await self._refuse(tenant, login, "provider_refused", query.error, caller)
            return await self._exchange(tenant, connector, provider, login, query.code)
        except OidcError as error:
            self.log.warning("provider's answer refused", connector=connector["id"], reason=error.reason)
            if error.transient:
                raise UnavailableError(error.message, code=error.reason, retry_after=5) from None
            reason: SignInFailure = "not_recent" if error.reason in _NOT_RECENT else "token_refused"
            raise await self._refuse(tenant, login, reason, error.reason, caller) from None

    async def _exchange(
        self,
        tenant: TenantId,
        connector: DBAuthConnector,
        provider: ProviderMetadata,
        login: DBLoginTransaction,
        code: str,
    ) -> Identified:
        client_id = connector["settings"]["client_id"]
        tokens = await exchange_code(
            self.outbound,
            provider,
            client_id=client_id,
            client_secret=self.auth_connectors.open_secret(connector),
            code=code,
            redirect_uri=self._callback(tenant, connector["id"]),
            verifier=self.vault.open(login["verifier"], _place(tenant, login["id"])).decode(),
        )
        verified = await verified_claims(
            self.providers, provider, tokens, client_id=client_id, nonce=login["nonce"], now=time()
        )
        if login["max_age"] is not None:
            verify_auth_time(verified, not_before=login["created_at"].timestamp() - login["max_age"])
        userinfo = None
        if not {"email", "email_verified"} <= verified.claims.keys() and provider.userinfo_endpoint is not None:
            userinfo = await fetch_userinfo(
                self.outbound, provider, access_token=tokens.access_token, subject=verified.subject
            )
        person = Person(
            connector["id"],
            login["issuer"],
            verified.subject,
            read_profile(verified, userinfo),
            _moment(verified.authenticated_at),
        )
        return Identified(person, tokens.id_token if provider.end_session_endpoint else None)

    async def _sign_in(
        self,
        tenant: TenantId,
        connector: DBAuthConnector,
        login: DBLoginTransaction,
        identified: Identified,
        caller: Caller,
        previous: Previous | None,
    ) -> IssuedSession:
        """Find, link or create the user and give them a session; a lost race is run again."""
        for attempt in range(_ATTEMPTS):
            try:
                return await self._TX_sign_in(tenant, connector, identified, caller, previous)
            except ConflictError:
                if attempt == _ATTEMPTS - 1:
                    raise
            except ForbiddenError as error:
                await self._tell(tenant, login, reason_of(error), caller)
                raise
        raise AssertionError("the loop returns or raises")

    async def _TX_sign_in(
        self,
        tenant: TenantId,
        connector: DBAuthConnector,
        identified: Identified,
        caller: Caller,
        previous: Previous | None,
    ) -> IssuedSession:
        person = identified.person
        async with self.db.write(tenant) as tx:
            # Read under the lock of the gate's order: a connector that changed meanwhile decides as it is now.
            current = await self.auth_connectors.hold_enabled_auth_connector(tenant, connector["id"], tx)
            user, proves_email = await self.identities.admit(tenant, current, person, caller, tx)
            issued = await self.issuer.issue_session(
                tenant,
                user,
                person.connector,
                caller,
                tx,
                previous=previous,
                proves_email=proves_email,
                authenticated_at=person.authenticated_at,
            )
            if identified.id_token is not None:
                await self.provider_sessions.keep(tenant, issued.row["id"], identified.id_token, tx)
            return issued

    async def _enabled_connector(self, tenant: TenantId, connector: AuthConnectorId) -> DBAuthConnector:
        row = await self.auth_connectors.get_auth_connector_by_id(tenant, connector)
        if row is None or row["kind"] != "oidc":
            raise NotFoundError.of("auth connector")
        if not row["enabled"]:
            raise refusal("connector_disabled")
        return row

    async def _still_enabled(self, tenant: TenantId, login: DBLoginTransaction, caller: Caller) -> DBAuthConnector:
        """Find the connector of a sign-in that was begun; tells of it, if it was disabled meanwhile."""
        try:
            return await self._enabled_connector(tenant, login["connector_id"])
        except ForbiddenError as error:
            await self._tell(tenant, login, reason_of(error), caller)
            raise

    async def _provider(self, connector: DBAuthConnector) -> ProviderMetadata:
        try:
            return await self.providers.metadata(connector["settings"]["issuer"])
        except OidcError as error:
            raise UnavailableError(
                f"The identity provider cannot be used now: {error.message}", code=error.reason, retry_after=30
            ) from None

    async def _refuse(
        self, tenant: TenantId, login: DBLoginTransaction, reason: SignInFailure, fault: str | None, caller: Caller
    ) -> ForbiddenError:
        await self._tell(tenant, login, reason, caller, fault)
        return refusal(reason)

    async def _tell(
        self,
        tenant: TenantId,
        login: DBLoginTransaction,
        reason: SignInFailure | None,
        caller: Caller,
        fault: str | None = None,
    ) -> None:
        await self.refusals.TX_tell(
            tenant, login["connector_id"], reason, caller, sign_in=login["id"], fault=fault_of(fault)
        )

    def _callback(self, tenant: TenantId, connector: AuthConnectorId) -> str:
        return callback_address(self.settings.public_url, tenant, connector)


def _place(tenant: TenantId, sign_in: SignInId) -> str:
    return associated_data(tenant, "login_transactions", "verifier", sign_in)


def _moment(seconds: float | None) -> datetime | None:
    """Read when somebody signed in at their provider; a clock that is ahead of ours does not make it later than now."""
    return None if seconds is None else datetime.fromtimestamp(min(seconds, time()), UTC)


def callback_query(query: Mapping[str, str]) -> CallbackQuery:
    """Read a callback's query; raises `BadRequestError` for values of an absurd length."""
    if any(len(value) > 4096 for value in query.values()):
        raise BadRequestError("The callback's query is too long.", code="malformed_query")
    return CallbackQuery(query.get("state"), query.get("code"), query.get("error"), query.get("iss"))


def start_input(path: Mapping[str, str], query: Mapping[str, str]) -> StartOidcSignInInput:
    """Read the start of a sign-in from an address; raises `ValidationFailedError`."""
    try:
        return StartOidcSignInInput.model_validate({**query, **path}, by_alias=True, by_name=False)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise ValidationFailedError.from_details(details) from None
