"""What the kinds of connectors know of their providers: where to send people, and how to find out who came back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time
from typing import Any, NamedTuple, Protocol

from central_server.auth.logins import Begun
from central_server.auth.tables import DBLoginTransaction
from central_server.auth_connectors.tables import DBAuthConnector
from central_server.infra.oidc import (
    IdTokenClaims,
    OAuth2Endpoints,
    OAuth2Mapping,
    Profile,
    ProviderMetadata,
    Providers,
    TokenResponse,
    authorization_url,
    challenge_s256,
    claim_at,
    exchange_code,
    exchange_oauth2_code,
    fetch_oauth2_person,
    fetch_userinfo,
    oauth2_authorization_url,
    read_profile,
    verified_claims,
    verify_auth_time,
    verify_callback_issuer,
)
from central_server.infra.outbound import OutboundClient

_CONTACT = ("email", "email_verified")


class Wishes(NamedTuple):
    """What a sign-in asks of the provider besides."""

    login_hint: str | None = None
    prompt: str | None = None
    max_age: int | None = None


class Answer(NamedTuple):
    """A code that came back, and what it is exchanged with."""

    code: str
    redirect_uri: str
    verifier: str
    client_secret: str | None


class Vouched(NamedTuple):
    """Whom a provider vouches for. `authenticated_at` is when they signed in there, which may be long ago.

    `id_token` is what ends their session there, where the provider offers that.
    """

    subject: str
    profile: Profile
    claims: Mapping[str, Any]
    authenticated_at: datetime | None = None
    id_token: str | None = None


class Provider(Protocol):
    """A provider, as a connector's settings say it is."""

    @property
    def issuer(self) -> str:
        """By what its people are told from another provider's."""
        ...

    @property
    def tells_age(self) -> bool:
        """Whether it can be asked to have somebody sign in again, and says when they did."""
        ...

    def address(self, begun: Begun, redirect_uri: str, wishes: Wishes) -> str:
        """Give where to send the browser."""
        ...

    def check_callback(self, iss: str | None) -> None:
        """Check that a callback is this provider's; raises `OidcError`."""
        ...

    async def vouch(self, login: DBLoginTransaction, answer: Answer, wanted: Collection[str]) -> Vouched:
        """Find out who came back; `wanted` are claims to look further for. Raises `OidcError`."""
        ...


@dataclass(frozen=True, slots=True)
class OpenIdProvider:
    """A provider of OpenID Connect: says who it is, and signs who somebody is."""

    outbound: OutboundClient
    providers: Providers
    metadata: ProviderMetadata
    settings: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        """As the provider writes it."""
        return self.metadata.issuer

    @property
    def tells_age(self) -> bool:
        """By `auth_time`."""
        return True

    def address(self, begun: Begun, redirect_uri: str, wishes: Wishes) -> str:
        """Give where to send the browser."""
        return authorization_url(
            self.metadata,
            client_id=self.settings["client_id"],
            redirect_uri=redirect_uri,
            scopes=self.settings["scopes"],
            state=begun.state,
            nonce=begun.nonce,
            code_challenge=challenge_s256(begun.verifier),
            login_hint=wishes.login_hint,
            # Not every provider knows that an age of zero means to ask now (OpenID Connect Core 3.1.2.1).
            prompt=wishes.prompt or ("login" if wishes.max_age == 0 else None),
            max_age=wishes.max_age,
        )

    def check_callback(self, iss: str | None) -> None:
        """Check `iss` (RFC 9207)."""
        verify_callback_issuer(self.metadata, iss)

    async def vouch(self, login: DBLoginTransaction, answer: Answer, wanted: Collection[str]) -> Vouched:
        """Exchange the code, verify the ID token, and ask for what it does not say."""
        tokens = await exchange_code(
            self.outbound,
            self.metadata,
            client_id=self.settings["client_id"],
            client_secret=answer.client_secret,
            code=answer.code,
            redirect_uri=answer.redirect_uri,
            verifier=answer.verifier,
        )
        verified = await self._verified(login, tokens)
        userinfo = await self._userinfo(verified, tokens, wanted)
        return Vouched(
            verified.subject,
            read_profile(verified, userinfo),
            {**userinfo, **verified.claims},
            _moment(verified.authenticated_at),
            tokens.id_token if self.metadata.end_session_endpoint else None,
        )

    async def _verified(self, login: DBLoginTransaction, tokens: TokenResponse) -> IdTokenClaims:
        client_id, nonce = self.settings["client_id"], login["nonce"]
        verified = await verified_claims(
            self.providers, self.metadata, tokens, client_id=client_id, nonce=nonce, now=time()
        )
        if login["max_age"] is not None:
            verify_auth_time(verified, not_before=login["created_at"].timestamp() - login["max_age"])
        return verified

    async def _userinfo(
        self, verified: IdTokenClaims, tokens: TokenResponse, wanted: Collection[str]
    ) -> Mapping[str, Any]:
        missing = any(claim_at(verified.claims, name) is None for name in (*_CONTACT, *wanted))
        if not missing or self.metadata.userinfo_endpoint is None:
            return {}
        return await fetch_userinfo(
            self.outbound, self.metadata, access_token=tokens.access_token, subject=verified.subject
        )


@dataclass(frozen=True, slots=True)
class OAuth2Provider:
    """A provider of OAuth 2.0 alone: gives a token, and with that a page that says whose it is."""

    outbound: OutboundClient
    settings: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        """Where the provider says who somebody is, as it has no other name."""
        return str(self.settings["user_endpoint"])

    @property
    def tells_age(self) -> bool:
        """Nothing in OAuth 2.0 says when somebody signed in."""
        return False

    def address(self, begun: Begun, redirect_uri: str, wishes: Wishes) -> str:
        """Give where to send the browser."""
        return oauth2_authorization_url(
            self.settings["authorization_endpoint"],
            client_id=self.settings["client_id"],
            redirect_uri=redirect_uri,
            scopes=self.settings["scopes"],
            state=begun.state,
            code_challenge=challenge_s256(begun.verifier),
            login_hint=wishes.login_hint,
            prompt=wishes.prompt,
        )

    def check_callback(self, iss: str | None) -> None:
        """Nothing: the address of the callback is the connector's alone, which keeps providers apart."""

    async def vouch(self, login: DBLoginTransaction, answer: Answer, wanted: Collection[str]) -> Vouched:
        """Exchange the code, and ask whose the token is."""
        del login, wanted  # a token names nobody's sign-in, and its page tells all there is
        token = await exchange_oauth2_code(
            self.outbound,
            self.settings["token_endpoint"],
            client_id=self.settings["client_id"],
            client_secret=answer.client_secret,
            authentication=self.settings["client_authentication"],
            code=answer.code,
            redirect_uri=answer.redirect_uri,
            verifier=answer.verifier,
        )
        endpoints = OAuth2Endpoints(self.settings["user_endpoint"], self.settings["emails_endpoint"])
        mapping = OAuth2Mapping(**self.settings["mapping"])
        return Vouched(*await fetch_oauth2_person(self.outbound, endpoints, mapping, access_token=token))


class ProviderKinds:
    """Makes providers of connectors."""

    def __init__(self, providers: Providers, outbound: OutboundClient) -> None:
        self.providers = providers
        self.outbound = outbound

    async def open(self, connector: DBAuthConnector) -> Provider:
        """Give the provider of a connector; raises `OidcError` when it cannot be asked who it is."""
        settings = connector["settings"]
        if connector["kind"] == "oauth2":
            return OAuth2Provider(self.outbound, settings)
        metadata = await self.providers.metadata(settings["issuer"])
        return OpenIdProvider(self.outbound, self.providers, metadata, settings)


def _moment(seconds: float | None) -> datetime | None:
    """Read when somebody signed in at their provider; a clock that is ahead of ours does not make it later than now."""
    return None if seconds is None else datetime.fromtimestamp(min(seconds, time()), UTC)
