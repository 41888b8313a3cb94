"""A provider's signing keys: which of them may have signed a token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias, cast

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from central_server.infra.oidc.errors import DiscoveryError, IdTokenError

PublicKey: TypeAlias = RSAKey | ECKey | OKPKey

# Only signatures by keys that the provider alone holds.
ALGORITHMS: Final[Mapping[str, tuple[str, str | None]]] = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "RS512": ("RSA", None),
    "PS256": ("RSA", None),
    "PS384": ("RSA", None),
    "PS512": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
_MAX_KEYS: Final = 100
_RSA_BITS: Final = range(2048, 8193)
# The base64url of such a modulus: 256 to 1024 bytes.
_RSA_TEXT: Final = range(342, 1367)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key as the provider declares it."""

    kid: str | None
    algorithm: str | None
    type: str
    curve: str | None
    key: PublicKey

    def fits(self, algorithm: str) -> bool:
        """Tell whether this key may verify a signature of that algorithm."""
        type_, curve = ALGORITHMS[algorithm]
        return self.type == type_ and curve in {None, self.curve} and self.algorithm in {None, algorithm}


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The usable keys of one JWK set (RFC 7517)."""

    keys: tuple[SigningKey, ...]

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """Take every key that can verify signatures; others, as RFC 7517 section 5 has it, are ignored."""
        entries: object = document.get("keys")
        if not isinstance(entries, list):
            raise DiscoveryError("no_keys", "The provider's JWKS has no list of keys.")
        listed = cast("list[object]", entries)[:_MAX_KEYS]
        keys = tuple(key for entry in listed if (key := _read_key(entry)) is not None)
        if not keys:
            raise DiscoveryError("no_keys", "The provider's JWKS has no key that can verify a signature.")
        return cls(keys)

    def find(self, algorithm: str, kid: str | None) -> SigningKey:
        """Give the one key that may have signed; raises `IdTokenError` where there is none, or several."""
        fitting = [key for key in self.keys if key.fits(algorithm) and (kid is None or key.kid == kid)]
        if not fitting:
            raise IdTokenError("unknown_key", "The ID token is signed by a key that the provider does not publish.")
        if len(fitting) > 1:
            raise IdTokenError("ambiguous_key", "The ID token does not tell which of several keys signed it.")
        return fitting[0]


def _read_key(entry: object) -> SigningKey | None:
    if not isinstance(entry, dict):
        return None
    data = cast("dict[str, Any]", entry)
    if not (_declared_for_signatures(data) and _plausible(data)):
        return None
    try:
        key = JWKRegistry.import_key(data)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    if not isinstance(key, RSAKey | ECKey | OKPKey) or key.is_private or not _strong(key):
        return None
    return SigningKey(key.kid, key.alg, data["kty"], data.get("crv"), key)


def _declared_for_signatures(data: Mapping[str, Any]) -> bool:
    operations: object = data.get("key_ops", ["verify"])
    usable = isinstance(operations, list) and "verify" in operations
    return usable and data.get("use", "sig") == "sig" and data.get("kty") in ("RSA", "EC", "OKP")


def _plausible(data: Mapping[str, Any]) -> bool:
    """Judge an RSA key by its length before any arithmetic: weak ones, and those that make verifying an attack."""
    return data.get("kty") != "RSA" or len(str(data.get("n", ""))) in _RSA_TEXT


def _strong(key: PublicKey) -> bool:
    return not isinstance(key, RSAKey) or key.public_key.key_size in _RSA_BITS
