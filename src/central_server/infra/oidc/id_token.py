"""The ID token: who signed in, said by the provider to this client for this one sign-in."""

import base64
import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard, cast

from central_server.infra.oidc.errors import IdTokenError
from central_server.infra.oidc.jws import SignedToken, verify_signature
from central_server.infra.oidc.keys import ALGORITHMS, SigningKeys

LEEWAY_SECONDS: Final = 60
_MAX_SUBJECT: Final = 255
_MAX_TIME: Final = 2**53


@dataclass(frozen=True, slots=True)
class IdTokenClaims:
    """The claims of a verified ID token. `claims` holds all of them as sent, `email_verified` among them."""

    issuer: str
    subject: str
    audience: tuple[str, ...]
    issued_at: float
    expires_at: float
    claims: Mapping[str, Any] = field(repr=False)

    @property
    def authenticated_at(self) -> float | None:
        """When the person signed in at the provider, in seconds of the epoch, if it says so."""
        told = self.claims.get("auth_time")
        return float(told) if _is_time(told) else None


def email_verified_is_true(claims: Mapping[str, Any]) -> bool:
    """Tell whether `email_verified` is the boolean true: not "true", not 1, and absent is no."""
    return claims.get("email_verified") is True


def verify_id_token(
    token: str,
    *,
    keys: SigningKeys,
    issuer: str,
    client_id: str,
    nonce: str,
    now: float,
    algorithms: Collection[str] = tuple(ALGORITHMS),
    access_token: str | None = None,
) -> IdTokenClaims:
    """Verify an ID token (OpenID Connect Core 3.1.3.7); `now` is in seconds of the epoch. Raises `IdTokenError`."""
    signed = verify_signature(token, keys, algorithms)
    claims = signed.claims
    if _text(claims, "iss") != issuer:
        raise IdTokenError("wrong_issuer", "The ID token is of another issuer.")
    subject = _subject(claims)
    audience = _audience(claims, client_id)
    issued_at, expires_at = _times(claims, now)
    if not hmac.compare_digest(_text(claims, "nonce").encode(), nonce.encode()):
        raise IdTokenError("wrong_nonce", "The ID token belongs to another sign-in.")
    if access_token is not None and "at_hash" in claims:
        _check_access_token(signed, access_token)
    return IdTokenClaims(issuer, subject, audience, issued_at, expires_at, claims)


def verify_auth_time(token: IdTokenClaims, *, not_before: float) -> None:
    """Check that the provider asked for the person's credentials since `not_before`, in seconds of the epoch.

    For a sign-in that sent `max_age` (OpenID Connect Core 2): `auth_time` is then required. Raises `IdTokenError`.
    """
    if token.claims.get("auth_time") is None:
        raise IdTokenError("auth_time_missing", "The ID token does not say when the person signed in.")
    if _seconds(token.claims, "auth_time") < not_before - LEEWAY_SECONDS:
        raise IdTokenError("auth_time_too_old", "The provider let the person in by a sign-in that is too old.")


def _required(claims: Mapping[str, Any], name: str) -> object:
    value: object = claims.get(name)
    if value is None:
        raise IdTokenError("missing_claim", f"The ID token has no {name}.")
    return value


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = _required(claims, name)
    if not isinstance(value, str) or not value.isprintable():
        raise IdTokenError("bad_claim", f"The ID token's {name} is no text.")
    return value


def _subject(claims: Mapping[str, Any]) -> str:
    """Read `sub`: 1 to 255 ASCII characters, case kept (OpenID Connect Core 2)."""
    if "sub" not in claims:
        raise IdTokenError("missing_claim", "The ID token has no sub.")
    subject: object = claims["sub"]
    if not isinstance(subject, str) or not 1 <= len(subject) <= _MAX_SUBJECT:
        raise IdTokenError("bad_subject", "The ID token's sub is not of 1 to 255 characters.")
    if not (subject.isascii() and subject.isprintable()):
        raise IdTokenError("bad_subject", "The ID token's sub is not of printable ASCII characters.")
    return subject


def _audience(claims: Mapping[str, Any], client_id: str) -> tuple[str, ...]:
    """Read `aud`, which names this client, and `azp`, which says so again where there are several audiences."""
    value = _required(claims, "aud")
    listed = cast("list[object]", value) if isinstance(value, list) else [value]
    audience = tuple(entry for entry in listed if isinstance(entry, str))
    if client_id not in audience or len(audience) != len(listed):
        raise IdTokenError("wrong_audience", "The ID token is for another client.")
    if (len(audience) > 1 or "azp" in claims) and claims.get("azp") != client_id:
        raise IdTokenError("wrong_authorized_party", "The ID token was issued to another client.")
    return audience


def _times(claims: Mapping[str, Any], now: float) -> tuple[float, float]:
    issued_at, expires_at = _seconds(claims, "iat"), _seconds(claims, "exp")
    if now >= expires_at + LEEWAY_SECONDS:
        raise IdTokenError("expired", "The ID token has expired; is a clock wrong?")
    not_before = _seconds(claims, "nbf") if "nbf" in claims else issued_at
    if max(issued_at, not_before) > now + LEEWAY_SECONDS:
        raise IdTokenError("not_yet_valid", "The ID token is of the future; is a clock wrong?")
    return issued_at, expires_at


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = _required(claims, name)
    if not _is_time(value):
        raise IdTokenError("bad_claim", f"The ID token's {name} is no time.")
    return value


def _is_time(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MAX_TIME


def _check_access_token(signed: SignedToken, access_token: str) -> None:
    """Compare `at_hash` with the left half of the access token's hash (OpenID Connect Core 3.1.3.6)."""
    bits = "512" if signed.curve == "Ed25519" else signed.algorithm[-3:]
    digest = hashlib.new(f"sha{bits}", access_token.encode()).digest()
    expected = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not hmac.compare_digest(_text(signed.claims, "at_hash").encode(), expected):
        raise IdTokenError("wrong_at_hash", "The ID token belongs to another access token.")
