"""A relying party of OpenID Connect and of plain OAuth 2.0: discovery, the code flow, ID tokens and userinfo."""

from central_server.infra.oidc.claims import about_person, claim_at
from central_server.infra.oidc.discovery import Clock, Providers, fetch_keys, fetch_provider
from central_server.infra.oidc.errors import (
    REASONS,
    CallbackError,
    DiscoveryError,
    ExchangeError,
    IdTokenError,
    OidcError,
    Reason,
    UserinfoError,
)
from central_server.infra.oidc.flow import (
    TokenResponse,
    authorization_url,
    challenge_s256,
    end_session_url,
    exchange_code,
    new_verifier,
    verify_callback_issuer,
)
from central_server.infra.oidc.id_token import (
    IdTokenClaims,
    email_verified_is_true,
    verify_auth_time,
    verify_id_token,
)
from central_server.infra.oidc.keys import ALGORITHMS, SigningKeys
from central_server.infra.oidc.metadata import ProviderMetadata, discovery_url
from central_server.infra.oidc.oauth2 import (
    OAuth2Endpoints,
    OAuth2Mapping,
    exchange_oauth2_code,
    fetch_oauth2_person,
    oauth2_authorization_url,
)
from central_server.infra.oidc.sign_in import verified_claims
from central_server.infra.oidc.userinfo import Profile, clean_text, fetch_userinfo, read_profile

__all__ = [
    "ALGORITHMS",
    "REASONS",
    "CallbackError",
    "Clock",
    "DiscoveryError",
    "ExchangeError",
    "IdTokenClaims",
    "IdTokenError",
    "OAuth2Endpoints",
    "OAuth2Mapping",
    "OidcError",
    "Profile",
    "ProviderMetadata",
    "Providers",
    "Reason",
    "SigningKeys",
    "TokenResponse",
    "UserinfoError",
    "about_person",
    "authorization_url",
    "challenge_s256",
    "claim_at",
    "clean_text",
    "discovery_url",
    "email_verified_is_true",
    "end_session_url",
    "exchange_code",
    "exchange_oauth2_code",
    "fetch_keys",
    "fetch_oauth2_person",
    "fetch_provider",
    "fetch_userinfo",
    "new_verifier",
    "oauth2_authorization_url",
    "read_profile",
    "verified_claims",
    "verify_auth_time",
    "verify_callback_issuer",
    "verify_id_token",
]
