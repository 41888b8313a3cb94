"""A whole sign-in by our relying party, as the sign-in service does it, without its database."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from central_server.infra.oidc import (
    Clock,
    IdTokenClaims,
    Profile,
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
from support.provider import Provider, callback_parameters

REDIRECT_URI = "https://central.example/v1/callback/connector-1"
SCOPES = ("openid", "email", "profile")


@dataclass(frozen=True)
class SignedIn:
    """What a sign-in ends with."""

    claims: IdTokenClaims
    userinfo: Mapping[str, Any]
    profile: Profile


class RelyingParty:
    """Our side, against one provider, with loopback allowed as in development."""

    def __init__(self, provider: Provider, clock: Clock = time.monotonic, **limits: Any) -> None:
        self.provider = provider
        self.outbound = OutboundClient(allow_loopback=True, **limits)
        self.providers = Providers(self.outbound, clock)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.outbound.aclose()

    async def sign_in(self, scopes: Collection[str] = SCOPES, now: float | None = None) -> SignedIn:
        """Send the browser away, take it back, exchange the code, verify, and read the profile."""
        state, nonce, verifier = new_verifier(), new_verifier(), new_verifier()
        metadata = await self.providers.metadata(self.provider.issuer)
        url = authorization_url(
            metadata,
            client_id=self.provider.client_id,
            redirect_uri=REDIRECT_URI,
            scopes=scopes,
            state=state,
            nonce=nonce,
            code_challenge=challenge_s256(verifier),
        )
        callback = callback_parameters(await self.provider.authorize(url))
        assert callback["state"] == state
        verify_callback_issuer(metadata, callback.get("iss"))
        tokens = await exchange_code(
            self.outbound,
            metadata,
            client_id=self.provider.client_id,
            client_secret=self.provider.client_secret,
            code=callback["code"],
            redirect_uri=REDIRECT_URI,
            verifier=verifier,
        )
        claims = await verified_claims(
            self.providers,
            metadata,
            tokens,
            client_id=self.provider.client_id,
            nonce=nonce,
            now=time.time() if now is None else now,
        )
        userinfo = await fetch_userinfo(
            self.outbound, metadata, access_token=tokens.access_token, subject=claims.subject
        )
        return SignedIn(claims, userinfo, read_profile(claims, userinfo))
