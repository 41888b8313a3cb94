"""Keyed hashes of low-entropy or client-held values, one subkey for each purpose."""

import hmac
import re
from typing import Final, Self, final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from central_server.infra.vault.keyring import KEY_BYTES, KeyRing

_PURPOSE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_INFO: Final = b"central signing v1|"


def _subkey(material: bytes, purpose: str) -> bytes:
    """Derive the key of one purpose (HKDF-SHA256, RFC 5869): a signature for one never serves another."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=_INFO + purpose.encode()).derive(material)


@final
class SigningKeys:
    """HMAC-SHA256 under the primary key, verified under every key of the ring. Purposes are constants."""

    def __init__(self, keyring: KeyRing) -> None:
        self._keyring: Final = keyring
        self._subkeys: Final[dict[str, tuple[bytes, ...]]] = {}

    @classmethod
    def parse(cls, text: str, setting: str = "CENTRAL_SIGNING_KEYS") -> Self:
        """Read a setting, in the format of `KeyRing.parse`."""
        return cls(KeyRing.parse(text, setting))

    def sign(self, purpose: str, data: bytes) -> bytes:
        """Give the 32 bytes that authenticate `data` for this purpose alone."""
        return hmac.digest(self._for(purpose)[0], data, "sha256")

    def verify(self, purpose: str, data: bytes, mac: bytes) -> bool:
        """Tell, in constant time, whether a key of the ring signed `data` for this purpose."""
        candidates = [hmac.digest(subkey, data, "sha256") for subkey in self._for(purpose)]
        return any([hmac.compare_digest(candidate, mac) for candidate in candidates])  # noqa: C419 (no early exit)

    def subkeys(self, purpose: str) -> tuple[bytes, ...]:
        """Give the keys of a purpose, 32 bytes each, the primary's first: for what signs otherwise than by HMAC."""
        return self._for(purpose)

    def _for(self, purpose: str) -> tuple[bytes, ...]:
        if (known := self._subkeys.get(purpose)) is not None:
            return known
        if not _PURPOSE.fullmatch(purpose):
            raise ValueError("a signing purpose is 1 to 64 characters of a-z, 0-9, '.', '_' and '-'")
        derived = tuple(_subkey(key.material, purpose) for key in self._keyring.keys)
        self._subkeys[purpose] = derived
        return derived

    def __repr__(self) -> str:
        return f"SigningKeys({', '.join(self._keyring.ids)})"
