"""The stored form of a sealed value, one `bytea`: where the key ids, nonces and ciphertexts stand.

Version 1: `01 | n | key id (n bytes) | nonce 12 | wrapped data key 48 | nonce 12 | ciphertext and tag`.
"""

from dataclasses import dataclass
from typing import Final, Self, final

VERSION: Final = 1
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
WRAPPED_BYTES: Final = 32 + TAG_BYTES
_FIXED_BYTES: Final = NONCE_BYTES + WRAPPED_BYTES + NONCE_BYTES + TAG_BYTES
_MAX_KEY_ID: Final = 32


class VaultError(Exception):
    """A sealed value cannot be opened: damaged, of another place, or of a key that the ring lacks."""


@final
class SealedValue(bytes):
    """A sealed value as the database keeps it; any `bytes` read back serve as well."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<SealedValue of {len(self)} bytes>"

    __str__ = __repr__


@dataclass(frozen=True, slots=True, repr=False)
class Envelope:
    """The parts of a sealed value."""

    key_id: str
    wrap_nonce: bytes
    wrapped_key: bytes
    value_nonce: bytes
    ciphertext: bytes

    def pack(self) -> SealedValue:
        """Write the parts as one value."""
        parts = (prefix_of(self.key_id), self.wrap_nonce, self.wrapped_key, self.value_nonce, self.ciphertext)
        return SealedValue(b"".join(parts))

    @classmethod
    def unpack(cls, blob: bytes) -> Self:
        """Find the parts; raises `VaultError` where there are none."""
        key_id = key_id_of(blob)
        wrapped = 2 + len(key_id) + NONCE_BYTES
        value = wrapped + WRAPPED_BYTES
        return cls(
            key_id=key_id,
            wrap_nonce=blob[wrapped - NONCE_BYTES : wrapped],
            wrapped_key=blob[wrapped:value],
            value_nonce=blob[value : value + NONCE_BYTES],
            ciphertext=blob[value + NONCE_BYTES :],
        )


def prefix_of(key_id: str) -> bytes:
    """Give the bytes with which every value sealed under this key begins."""
    return bytes((VERSION, len(key_id))) + key_id.encode("ascii")


def key_id_of(blob: bytes) -> str:
    """Read which key wrapped a value, without opening it."""
    if len(blob) < 2 or blob[0] != VERSION:
        raise VaultError("The sealed value is of an unknown format.")
    length = blob[1]
    if not 0 < length <= _MAX_KEY_ID or len(blob) < 2 + length + _FIXED_BYTES:
        raise VaultError("The sealed value is damaged.")
    try:
        return blob[2 : 2 + length].decode("ascii")
    except UnicodeDecodeError:
        raise VaultError("The sealed value is damaged.") from None
