from collections.abc import Mapping
from datetime import timedelta
from time import time
from typing import NamedTuple

from pydantic import ValidationError

from central.auth.events import SignInFailed, SignInFailure
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
from central.kernel.ids import AuthConnectorId, IdentityId, SignInId, TenantId, UserId
from central.users.models import User
from central_server.auth import queries
from central_server.auth.codes import active_tenant
from central_server.auth.issuing import Previous, SessionIssuer
from central_server.auth.policy import (
    ConnectorTrust,
    Create,
    Link,
    LocalUser,
    Refuse,
    check_return_to,
    decide_unknown_person,
    verified_email,
)
from central_server.auth.tables import DBLoginTransaction
from central_server.auth_connectors.mapping import callback_address
from central_server.auth_connectors.service import AuthConnectorService
from central_server.auth_connectors.tables import DBAuthConnector
from central_server.infra.actor import Caller
from central_server.infra.config import Settings
from central_server.infra.db import Database, WriteExecutor, register_conflict
from central_server.infra.http.cookies import CookieNames
from central_server.infra.logs import component_logger
from central_server.infra.oidc import (
    OidcError,
    Profile,
    ProviderMetadata,
    Providers,
    authorization_url,
    challenge_s256,
    exchange_code,
    fetch_userinfo,
    new_verifier,
    read_profile,
    verified_claims,
    verify_callback_issuer,
)
from central_server.infra.outbound import OutboundClient
from central_server.infra.outbox import Outbox
from central_server.infra.tokens import is_token, new_token, token_hash
from central_server.infra.vault import Vault, associated_data
from central_server.sessions.service import IssuedSession
from central_server.tenants.service import TenantService
from central_server.users.inputs import NewUser
from central_server.users.service import UserService

LIFETIME = timedelta(minutes=10)
_ATTEMPTS = 3
_REFUSALS: dict[SignInFailure, str] = {
    "provider_refused": "The identity provider did not sign you in.",
    "token_refused": "The identity provider's answer could not be trusted.",
    "user_unknown": "There is no account for you here; ask an administrator.",
    "email_not_verified": "The identity provider does not vouch for your address.",
    "email_taken": "Your address belongs to an account that is not linked to this provider; ask an administrator.",
    "domain_not_allowed": "Addresses of your domain are not let in here.",
    "user_disabled": "This account is disabled; ask an administrator.",
    "connector_disabled": "This way of signing in is switched off.",
}
_REASONS: dict[str, SignInFailure] = {reason: reason for reason in _REFUSALS}

for _constraint in ("uq_identities_subject", "uq_identities_user"):
    register_conflict(
        _constraint, lambda: ConflictError("This person was linked at the same moment.", code="identity_taken")
    )


class Person(NamedTuple):
    """Who came back from a provider: `(connector, issuer, subject)`, and what the provider says of them."""

    connector: AuthConnectorId
    issuer: str
    subject: str
    profile: Profile


class CallbackQuery(NamedTuple):
    """What the provider sent along with the browser."""

    state: str | None
    code: str | None
    error: str | None
    iss: str | None


class OidcSignIn:
    """Signing in at an OpenID provider: authorization code with PKCE, `state` and `nonce`.

    A sign-in is a row, used up once, within ten minutes, by the browser that began it, before the code is exchanged.
    A person is `(connector, issuer, subject)`; an address never finds a user, and links one only under the
    conditions of `decide_unknown_person`.
    """

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        tenants: TenantService,
        users: UserService,
        auth_connectors: AuthConnectorService,
        issuer: SessionIssuer,
        vault: Vault,
        providers: Providers,
        outbound: OutboundClient,
        cookies: CookieNames,
        settings: Settings,
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.tenants = tenants
        self.users = users
        self.auth_connectors = auth_connectors
        self.issuer = issuer
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
        )
        return StartOidcSignInResponse(sign_in=id, authorization_url=address, expires_at=row["expires_at"])

    async def TX_finish(self, tenant_ref: str, connector_ref: str, query: CallbackQuery, caller: Caller) -> str:
        """Finish a sign-in that comes back from its provider; gives where the browser returns to.

        `GoneError` when there is no such sign-in for this browser, `ForbiddenError` when the person is refused.
        """
        tenant = (await self.tenants.with_tenant_by_ref(tenant_ref, active_tenant)).id
        login = await self._consume(tenant, connector_ref, query.state, caller)
        connector = await self._enabled_connector(tenant, login["connector_id"])
        person = await self._identify(tenant, connector, login, query)
        previous = await self.issuer.previous_session(caller)
        issued = await self._sign_in(tenant, connector, person, caller, previous)
        await self.issuer.welcome(issued, caller)
        return login["return_to"]

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
        self, tenant: TenantId, connector: DBAuthConnector, login: DBLoginTransaction, query: CallbackQuery
    ) -> Person:
        """Exchange the code and verify what comes back; tells the tenant's administrators why, if it fails."""
        try:
            provider = await self.providers.metadata(connector["settings"]["issuer"])
            if provider.issuer != login["issuer"]:
                raise await self._refuse(tenant, connector["id"], "token_refused")
            verify_callback_issuer(provider, query.iss)
            if query.error is not None or query.code is None:
                raise await self._refuse(tenant, connector["id"], "provider_refused")
            return await self._exchange(tenant, connector, provider, login, query.code)
        except OidcError as error:
            self.log.warning("provider's answer refused", connector=connector["id"], reason=error.reason)
            if error.transient:
                raise UnavailableError(error.message, code=error.reason, retry_after=5) from None
            raise await self._refuse(tenant, connector["id"], "token_refused") from None

    async def _exchange(
        self,
        tenant: TenantId,
        connector: DBAuthConnector,
        provider: ProviderMetadata,
        login: DBLoginTransaction,
        code: str,
    ) -> Person:
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
        if {"email", "email_verified"} <= verified.claims.keys() or provider.userinfo_endpoint is None:
            return Person(connector["id"], login["issuer"], verified.subject, read_profile(verified))
        userinfo = await fetch_userinfo(
            self.outbound, provider, access_token=tokens.access_token, subject=verified.subject
        )
        return Person(connector["id"], login["issuer"], verified.subject, read_profile(verified, userinfo))

    async def _sign_in(
        self,
        tenant: TenantId,
        connector: DBAuthConnector,
        person: Person,
        caller: Caller,
        previous: Previous | None,
    ) -> IssuedSession:
        """Find, link or create the user and give them a session; a lost race is run again."""
        for attempt in range(_ATTEMPTS):
            try:
                return await self._TX_sign_in(tenant, connector, person, caller, previous)
            except ConflictError:
                if attempt == _ATTEMPTS - 1:
                    raise
            except ForbiddenError as error:
                reason: SignInFailure | None = _REASONS.get(error.code)
                if reason is not None:
                    await self._tell(tenant, connector["id"], reason)
                raise
        raise AssertionError("the loop returns or raises")

    async def _TX_sign_in(
        self,
        tenant: TenantId,
        connector: DBAuthConnector,
        person: Person,
        caller: Caller,
        previous: Previous | None,
    ) -> IssuedSession:
        async with self.db.write(tenant) as tx:
            # Read under the lock of the gate's order: a connector that changed meanwhile decides as it is now.
            current = await self.auth_connectors.hold_enabled_auth_connector(tenant, connector["id"], tx)
            known = await tx.first(
                queries.GET_IDENTITY,
                tenant_id=tenant,
                connector_id=person.connector,
                issuer=person.issuer,
                subject=person.subject,
            )
            user = known["user_id"] if known else await self._admit_unknown(tenant, current, person, tx)
            return await self.issuer.issue_session(tenant, user, person.connector, caller, tx, previous=previous)

    async def _admit_unknown(
        self, tenant: TenantId, connector: DBAuthConnector, person: Person, tx: WriteExecutor
    ) -> UserId:
        """Link or create the user for a person who was never here, or raise `ForbiddenError`."""
        email = verified_email(person.profile)
        local = await self.users.get_user_by_email(tenant, email, tx) if email else None
        linked: LocalUser = "none"
        if local is not None:
            link = await tx.first(
                queries.GET_IDENTITY_OF_USER, tenant_id=tenant, connector_id=person.connector, user_id=local.id
            )
            linked = "linked" if link else "unlinked"
        decision = decide_unknown_person(email, linked, _trust(connector))
        if isinstance(decision, Refuse):
            raise _refusal(decision.reason)
        user = await self._link_or_create(tenant, decision, local, person, tx)
        await tx.execute(
            queries.INSERT_IDENTITY,
            tenant_id=tenant,
            id=IdentityId.new(),
            user_id=user,
            connector_id=person.connector,
            issuer=person.issuer,
            subject=person.subject,
        )
        return user

    async def _link_or_create(
        self, tenant: TenantId, decision: Link | Create, local: User | None, person: Person, tx: WriteExecutor
    ) -> UserId:
        if isinstance(decision, Create):
            new = NewUser(email=decision.email, email_verified=True, display_name=_display_name(person.profile))
            return (await self.users.create_user(tenant, new, None, tx)).id
        assert local is not None, "there is somebody to link"
        if not local.email_verified:
            # Whoever held the account before the address was proven must not stay in it (pre-hijacking).
            await self.users.sessions.end_sessions_of_user(tenant, local.id, "revoked", None, tx)
        return local.id

    async def _enabled_connector(self, tenant: TenantId, connector: AuthConnectorId) -> DBAuthConnector:
        row = await self.auth_connectors.get_auth_connector_by_id(tenant, connector)
        if row is None or row["kind"] != "oidc":
            raise NotFoundError.of("auth connector")
        if not row["enabled"]:
            raise _refusal("connector_disabled")
        return row

    async def _provider(self, connector: DBAuthConnector) -> ProviderMetadata:
        try:
            return await self.providers.metadata(connector["settings"]["issuer"])
        except OidcError as error:
            raise UnavailableError(
                f"The identity provider cannot be used now: {error.message}", code=error.reason, retry_after=30
            ) from None

    async def _refuse(self, tenant: TenantId, connector: AuthConnectorId, reason: SignInFailure) -> ForbiddenError:
        await self._tell(tenant, connector, reason)
        return _refusal(reason)

    async def _tell(self, tenant: TenantId, connector: AuthConnectorId, reason: SignInFailure) -> None:
        async with self.db.write(tenant) as tx:
            await self.outbox.add(SignInFailed(tenant_id=tenant, connector_id=connector, reason=reason), tx)

    def _callback(self, tenant: TenantId, connector: AuthConnectorId) -> str:
        return callback_address(self.settings.public_url, tenant, connector)


def _trust(connector: DBAuthConnector) -> ConnectorTrust:
    return ConnectorTrust(
        trusted_domains=connector["settings"]["trusted_domains"],
        just_in_time=connector["just_in_time"],
        allowed_domains=connector["allowed_domains"],
    )


def _refusal(reason: SignInFailure) -> ForbiddenError:
    return ForbiddenError(_REFUSALS[reason], code=reason)


def _display_name(profile: Profile) -> str | None:
    """Take the name that the provider gives, if it is one line of text that a user may have."""
    line = " ".join((profile.name or "").split())[:200]
    return line if line and line.isprintable() else None


def _place(tenant: TenantId, sign_in: SignInId) -> str:
    return associated_data(tenant, "login_transactions", "verifier", sign_in)


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
