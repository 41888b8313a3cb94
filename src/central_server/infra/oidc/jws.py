"""Signed tokens (RFC 7515): one compact signature by one key of the provider, and nothing else of JOSE."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast, final

from joserfc.errors import JoseError
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact
from joserfc.registry import Header
from typing_extensions import override

from central_server.infra.oidc.errors import IdTokenError
from central_server.infra.oidc.keys import ALGORITHMS, SigningKeys

MAX_TOKEN_BYTES: Final = 16 * 1024
_TYPES: Final = ("jwt", "application/jwt")


@final
class _Registry(JWSRegistry):
    """joserfc's checks within our limits, and its algorithms without its advice: ours are named by `ALGORITHMS`."""

    max_header_length = 8 * 1024
    max_payload_length = MAX_TOKEN_BYTES
    max_signature_length = 2 * 1024

    @override
    def get_alg(self, name: str) -> Any:
        if name not in ALGORITHMS:
            raise IdTokenError("algorithm_refused", "The ID token's algorithm is not accepted.")
        return self.algorithms[name]


_REGISTRY: Final = _Registry(strict_check_header=False)


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token whose signature holds."""

    algorithm: str
    curve: str | None
    claims: Mapping[str, Any]


def verify_signature(token: str, keys: SigningKeys, algorithms: Collection[str]) -> SignedToken:
    """Check form, size, header and signature, and only then read the claims; raises `IdTokenError`."""
    parts = _extract(token)
    algorithm, kid = _read_header(parts.headers(), algorithms)
    key = keys.find(algorithm, kid)
    try:
        verified = validate_compact(parts, key.key, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError):
        verified = False
    if not verified:
        raise IdTokenError("bad_signature", "The ID token's signature does not hold.")
    return SignedToken(algorithm, key.curve, _read_claims(parts.payload))


def _extract(token: str) -> CompactSignature:
    if len(token) > MAX_TOKEN_BYTES:
        raise IdTokenError("token_too_large", f"The ID token is longer than {MAX_TOKEN_BYTES} bytes.")
    try:
        parts = extract_compact(token.encode("ascii"), registry=_REGISTRY)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        raise IdTokenError("token_malformed", "The ID token is no signed JWT.") from None
    if not isinstance(cast("object", parts.headers()), dict):
        raise IdTokenError("token_malformed", "The ID token is no signed JWT.")
    return parts


def _read_header(header: Header, algorithms: Collection[str]) -> tuple[str, str | None]:
    """Judge the header: no extensions, a JWT by type, an allowed algorithm; keys that it carries are not looked at."""
    if "crit" in header or "b64" in header:
        raise IdTokenError("crit_refused", "The ID token demands extensions that are not supported.")
    type_: object = header.get("typ", "JWT")
    if not isinstance(type_, str) or type_.lower() not in _TYPES:
        raise IdTokenError("token_type", "The token is of another type than an ID token is.")
    algorithm: object = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or algorithm not in algorithms:
        raise IdTokenError("algorithm_refused", "The ID token is signed by an algorithm that is not accepted.")
    kid: object = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise IdTokenError("token_malformed", "The ID token's key id is no text.")
    return algorithm, kid


def _read_claims(payload: bytes) -> Mapping[str, Any]:
    try:
        claims: object = json.loads(payload.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise IdTokenError("token_malformed", "The ID token holds no JSON object.") from None
    if not isinstance(claims, dict):
        raise IdTokenError("token_malformed", "The ID token holds no JSON object.")
    return cast("dict[str, Any]", claims)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name given twice (RFC 7519 section 4), which two readers might read differently."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is given twice")
    return members
