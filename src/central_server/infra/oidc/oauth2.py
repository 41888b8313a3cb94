"""Providers of OAuth 2.0 without OpenID Connect: a token, and a page that says whose it is (RFC 6749)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast
from urllib.parse import quote_plus

from central_server.infra.oidc.claims import claim_at
from central_server.infra.oidc.errors import ExchangeError, UserinfoError, telling
from central_server.infra.oidc.flow import check_access_token, refusal_of, with_query
from central_server.infra.oidc.userinfo import Profile, clean_text
from central_server.infra.outbound import OutboundClient

# What providers say in an answer of status 200 when they refuse (GitHub does).
_CODE_REFUSED: Final = {"bad_verification_code", "invalid_grant"}
_CLIENT_REFUSED: Final = {"incorrect_client_credentials", "invalid_client", "unauthorized_client"}
_MAX_SUBJECT: Final = 255


@dataclass(frozen=True, slots=True)
class OAuth2Endpoints:
    """Where a provider says whose a token is."""

    user: str
    emails: str | None = None


@dataclass(frozen=True, slots=True)
class OAuth2Mapping:
    """Where the provider's answer says who somebody is."""

    subject: str
    email: str | None
    email_verified: str | None
    name: str | None


def oauth2_authorization_url(
    endpoint: str,
    *,
    client_id: str,
    redirect_uri: str,
    scopes: Collection[str],
    state: str,
    code_challenge: str,
    login_hint: str | None = None,
    prompt: str | None = None,
) -> str:
    """Give the URL to which the browser is sent; a provider that does not know PKCE passes over its challenge."""
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes) or None,
        "state": state,
        "code_challenge": code_challenge,
        "code_challenge_method": "S256",
        "login": login_hint,
        "prompt": prompt,
    }
    return with_query(endpoint, asked)


async def exchange_oauth2_code(
    outbound: OutboundClient,
    endpoint: str,
    *,
    client_id: str,
    client_secret: str | None,
    authentication: Literal["form", "basic"],
    code: str,
    redirect_uri: str,
    verifier: str,
) -> str:
    """Exchange a code for an access token; raises `ExchangeError`, also for a refusal of status 200."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        "client_id": client_id,
    }
    auth = None
    if client_secret is not None and authentication == "basic":
        auth = (quote_plus(client_id), quote_plus(client_secret))
    elif client_secret is not None:
        form["client_secret"] = client_secret
    with telling(ExchangeError, "The code could not be exchanged"):
        response = await outbound.post_form(endpoint, form, auth=auth)
    if response.status != 200:
        raise refusal_of(response)
    with telling(ExchangeError, "The token endpoint's answer could not be read"):
        document = response.json()
    _check_refusal(document.get("error"))
    return check_access_token(document)


def _check_refusal(error: object) -> None:
    if error in _CODE_REFUSED:
        raise ExchangeError("code_rejected", "The provider did not accept the code.")
    if error in _CLIENT_REFUSED:
        raise ExchangeError("client_rejected", "The provider did not accept the client's id or secret.")
    if error is not None:
        raise ExchangeError("exchange_failed", "The token endpoint refused.")


async def fetch_oauth2_person(
    outbound: OutboundClient, endpoints: OAuth2Endpoints, mapping: OAuth2Mapping, *, access_token: str
) -> tuple[str, Profile, Mapping[str, Any]]:
    """Find out whose a token is: the subject, the profile, and all that was told. Raises `UserinfoError`."""
    headers = {"authorization": f"Bearer {access_token}"}
    with telling(UserinfoError, "The person's profile could not be read"):
        told = await outbound.get_json(endpoints.user, headers=headers)
    subject = _subject(claim_at(told, mapping.subject))
    email = clean_text(_at(told, mapping.email))
    verified = _at(told, mapping.email_verified) is True
    if endpoints.emails is not None:
        email, verified = await _primary_email(outbound, endpoints.emails, headers)
    name = clean_text(_at(told, mapping.name))
    return subject, Profile(email, email is not None and verified, name, None, None, None, None, None), told


def _at(told: Mapping[str, Any], path: str | None) -> object:
    return None if path is None else claim_at(told, path)


def _subject(value: object) -> str:
    """Read by what the provider knows a person: text, or a whole number as GitHub's."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    is_text = isinstance(value, str) and value.isascii() and value.isprintable()
    if not isinstance(value, str) or not is_text or not 1 <= len(value) <= _MAX_SUBJECT:
        raise UserinfoError("bad_subject", "The provider's answer has no usable subject; see the mapping.")
    return value


async def _primary_email(
    outbound: OutboundClient, endpoint: str, headers: Mapping[str, str]
) -> tuple[str | None, bool]:
    """Give the primary address of a list, and whether the provider has verified it."""
    with telling(UserinfoError, "The person's addresses could not be read"):
        listed = await outbound.get_json_list(endpoint, headers=headers)
    entries = [cast("dict[str, object]", each) for each in listed if isinstance(each, dict)]
    primary = next((each for each in entries if each.get("primary") is True), None)
    if primary is None:
        return None, False
    return clean_text(primary.get("email")), primary.get("verified") is True
