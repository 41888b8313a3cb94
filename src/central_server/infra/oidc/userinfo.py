"""The userinfo endpoint (OpenID Connect Core 5.3) and the profile that it completes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from central_server.infra.oidc.errors import UserinfoError, telling
from central_server.infra.oidc.id_token import IdTokenClaims, email_verified_is_true
from central_server.infra.oidc.metadata import ProviderMetadata
from central_server.infra.outbound import OutboundClient

# No control characters, which no profile needs, and no lone surrogates, which no database takes.
_TEXT = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,2048}")


async def fetch_userinfo(
    outbound: OutboundClient, provider: ProviderMetadata, *, access_token: str, subject: str
) -> Mapping[str, Any]:
    """Get the claims about the person of the ID token, and of nobody else; raises `UserinfoError`."""
    if provider.userinfo_endpoint is None:
        raise UserinfoError("no_userinfo", "The provider has no userinfo endpoint.")
    headers = {"authorization": f"Bearer {access_token}"}
    with telling(UserinfoError, "The person's profile could not be read"):
        claims = await outbound.get_json(provider.userinfo_endpoint, headers=headers)
    found: object = claims.get("sub")
    if found != subject:
        raise UserinfoError("userinfo_subject_mismatch", "The profile is of another person than the ID token.")
    return claims


@dataclass(frozen=True, slots=True)
class Profile:
    """What the provider says about a person; `email_verified` only ever stems from the boolean true."""

    email: str | None
    email_verified: bool
    name: str | None
    given_name: str | None
    family_name: str | None
    preferred_username: str | None
    picture: str | None
    locale: str | None


def read_profile(id_token: IdTokenClaims, userinfo: Mapping[str, Any] | None = None) -> Profile:
    """Join both sources, the signed one first; an email and its verification are always of the same source."""
    sources = (id_token.claims, userinfo or {})
    with_email = [source for source in sources if _text(source, "email") is not None]
    contact = next((source for source in with_email if "email_verified" in source), next(iter(with_email), None))

    def first(name: str) -> str | None:
        return next((text for source in sources if (text := _text(source, name)) is not None), None)

    return Profile(
        email=None if contact is None else _text(contact, "email"),
        email_verified=contact is not None and email_verified_is_true(contact),
        name=first("name"),
        given_name=first("given_name"),
        family_name=first("family_name"),
        preferred_username=first("preferred_username"),
        picture=first("picture"),
        locale=first("locale"),
    )


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    return clean_text(claims.get(name))


def clean_text(value: object) -> str | None:
    """Give a value that is text of up to 2,048 characters, none of them for control."""
    return value if isinstance(value, str) and _TEXT.fullmatch(value) else None
