"""The authorization code flow with PKCE (RFC 6749, RFC 7636, RFC 9700), seen from the client."""

import base64
import hashlib
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

from central_server.infra.oidc.errors import CallbackError, ExchangeError, OidcError, telling
from central_server.infra.oidc.metadata import ProviderMetadata
from central_server.infra.outbound import NotJsonError, OutboundClient, OutboundResponse

_TOKEN = re.compile(r"[!-~]{1,16384}")
_LONGEST_HINT = 4096
_ERROR_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """What the token endpoint gave; a refresh token, if any, is not kept."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)
    scope: str | None = None


def new_verifier() -> str:
    """Make a PKCE verifier of 256 random bits; serves for `state` and `nonce` as well."""
    return secrets.token_urlsafe(32)


def challenge_s256(verifier: str) -> str:
    """Give the S256 challenge of a verifier (RFC 7636 section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).decode().rstrip("=")


def authorization_url(
    provider: ProviderMetadata,
    *,
    client_id: str,
    redirect_uri: str,
    scopes: Collection[str],
    state: str,
    nonce: str,
    code_challenge: str,
    login_hint: str | None = None,
    prompt: str | None = None,
    max_age: int | None = None,
) -> str:
    """Give the URL to which the browser is sent; a query that the endpoint has is kept (RFC 6749 section 3.1).

    With a `max_age`, in seconds, the provider says when the person signed in there (OpenID Connect Core 3.1.2.1).
    """
    if "openid" not in scopes:
        raise ValueError("an OpenID sign-in asks for the scope 'openid'")
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": code_challenge,
        "code_challenge_method": "S256",
        "login_hint": login_hint,
        "prompt": prompt,
        "max_age": None if max_age is None else str(max_age),
    }
    return with_query(provider.authorization_endpoint, asked)


def end_session_url(
    endpoint: str, *, client_id: str, id_token: str | None, redirect_uri: str, state: str | None
) -> str:
    """Give the URL at which a provider ends its own session (OpenID Connect RP-Initiated Logout 1.0, section 2).

    Without the ID token the provider knows by `client_id` who asks, and asks the person first. A token so long that
    the URL might not get through is left out.
    """
    asked = {
        "id_token_hint": id_token if id_token is not None and len(id_token) <= _LONGEST_HINT else None,
        "client_id": client_id,
        "post_logout_redirect_uri": redirect_uri,
        "state": state,
    }
    return with_query(endpoint, asked)


def with_query(endpoint: str, asked: Mapping[str, str | None]) -> str:
    """Add what is there to the query of an endpoint."""
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    address = endpoint.partition("#")[0]
    return f"{address}{'&' if '?' in address else '?'}{query}"


def verify_callback_issuer(provider: ProviderMetadata, iss: str | None) -> None:
    """Check the callback's `iss` (RFC 9207): right where it is sent, and sent where the provider promises it."""
    if iss is None and provider.authorization_response_iss_parameter_supported:
        raise CallbackError("callback_issuer_missing", "The callback does not say which provider it is of.")
    if iss is not None and iss != provider.issuer:
        raise CallbackError("callback_issuer_mismatch", "The callback is of another provider.")


async def exchange_code(
    outbound: OutboundClient,
    provider: ProviderMetadata,
    *,
    client_id: str,
    client_secret: str | None,
    code: str,
    redirect_uri: str,
    verifier: str,
) -> TokenResponse:
    """Exchange a code for tokens; without a secret the client is public. Raises `ExchangeError`."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    auth, credentials = _client_authentication(provider, client_id, client_secret)
    with telling(ExchangeError, "The code could not be exchanged"):
        response = await outbound.post_form(provider.token_endpoint, {**form, **credentials}, auth=auth)
    if response.status != 200:
        raise refusal_of(response)
    with telling(ExchangeError, "The token endpoint's answer could not be read"):
        return _read_tokens(response.json())


def _client_authentication(
    provider: ProviderMetadata, client_id: str, client_secret: str | None
) -> tuple[tuple[str, str] | None, dict[str, str]]:
    """Choose how the client shows who it is: by header, else by form, as the provider's metadata allows."""
    if client_secret is None:
        return None, {"client_id": client_id}
    methods = provider.token_endpoint_auth_methods_supported
    if "client_secret_basic" in methods:
        # RFC 6749 section 2.3.1: both are form-encoded before they are joined by a colon.
        return (quote_plus(client_id), quote_plus(client_secret)), {}
    if "client_secret_post" in methods:
        return None, {"client_id": client_id, "client_secret": client_secret}
    raise ExchangeError("client_auth_unsupported", "The provider takes client secrets neither by Basic nor by form.")


def refusal_of(response: OutboundResponse) -> OidcError:
    """Tell why the token endpoint refused; of its words only a well-formed error code is repeated."""
    try:
        code: object = response.json().get("error")
    except NotJsonError:
        code = None
    said = f" ({code})" if isinstance(code, str) and _ERROR_CODE.fullmatch(code) else ""
    if code == "invalid_grant":
        return ExchangeError("code_rejected", f"The provider did not accept the code{said}.")
    if code == "invalid_client" or response.status == 401:
        return ExchangeError("client_rejected", f"The provider did not accept the client's id or secret{said}.")
    error = ExchangeError("exchange_failed", f"The token endpoint answered with status {response.status}{said}.")
    error.transient = response.status >= 500 or response.status == 429
    return error


def _read_tokens(document: Mapping[str, Any]) -> TokenResponse:
    id_token: object = document.get("id_token")
    scope: object = document.get("scope")
    if not isinstance(id_token, str) or not id_token:
        raise ExchangeError("bad_token_response", "The token endpoint gave no ID token; is the scope openid allowed?")
    return TokenResponse(id_token, check_access_token(document), scope if isinstance(scope, str) else None)


def check_access_token(document: Mapping[str, Any]) -> str:
    """Give the bearer token of a token endpoint's answer; raises `ExchangeError` when there is none."""
    access_token: object = document.get("access_token")
    token_type: object = document.get("token_type")
    if not isinstance(access_token, str) or not _TOKEN.fullmatch(access_token):
        raise ExchangeError("bad_token_response", "The token endpoint gave no usable access token.")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise ExchangeError("bad_token_response", "The token endpoint gave an access token that is no bearer token.")
    return access_token
