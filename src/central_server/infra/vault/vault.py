"""Envelope encryption: a data key for each value, wrapped by the ring's primary key."""

import re
import secrets
from typing import Final, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from central_server.infra.vault.envelope import (
    NONCE_BYTES,
    Envelope,
    SealedValue,
    VaultError,
    key_id_of,
    prefix_of,
)
from central_server.infra.vault.keyring import KEY_BYTES, KeyRing

_PART = re.compile(r"[^|\x00-\x1f\x7f]+")
_REFUSED: Final = "The sealed value cannot be opened here: it is damaged, or it belongs to another place."


def associated_data(tenant: str, table: str, column: str, row: str) -> str:
    """Name the one place where a sealed value opens: `tenant|table|column|row`.

    Raises `ValueError` for an empty part and for a delimiter or control character within one, so that
    two places never share a name.
    """
    parts = {"tenant": tenant, "table": table, "column": column, "row": row}
    for name, part in parts.items():
        if not _PART.fullmatch(part):
            raise ValueError(f"the {name} of associated data is empty or holds '|' or a control character")
    return "|".join(parts.values())


def _bound(aad: str) -> bytes:
    if not aad:
        raise ValueError("a sealed value needs associated data")
    return aad.encode()


@final
class Vault:
    """Seals with AES-256-GCM (NIST SP 800-38D), each value under a data key of its own."""

    def __init__(self, keyring: KeyRing) -> None:
        self._primary: Final = keyring.primary.id
        self._wrapping: Final = {key.id: AESGCM(key.material) for key in keyring.keys}

    def seal(self, plaintext: bytes, aad: str) -> SealedValue:
        """Encrypt a value for the place that `aad` names."""
        bound = _bound(aad)
        data_key, nonce = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(NONCE_BYTES)
        ciphertext = AESGCM(data_key).encrypt(nonce, plaintext, bound)
        return self._wrap(data_key, bound, nonce, ciphertext)

    def open(self, value: bytes, aad: str) -> bytes:
        """Decrypt a value in its place; raises `VaultError` anywhere else and for any changed bit."""
        bound = _bound(aad)
        envelope = Envelope.unpack(value)
        data_key = self._unwrap(envelope, bound)
        try:
            return AESGCM(data_key).decrypt(envelope.value_nonce, envelope.ciphertext, bound)
        except InvalidTag:
            raise VaultError(_REFUSED) from None

    def rewrap(self, value: bytes, aad: str) -> SealedValue:
        """Wrap the data key anew under the primary key; the ciphertext stays, byte by byte."""
        bound = _bound(aad)
        envelope = Envelope.unpack(value)
        return self._wrap(self._unwrap(envelope, bound), bound, envelope.value_nonce, envelope.ciphertext)

    def needs_rewrap(self, value: bytes) -> bool:
        """Tell whether another key than the primary wrapped this value."""
        return key_id_of(value) != self._primary

    @property
    def primary_prefix(self) -> bytes:
        """The bytes with which every value under the primary key begins, to find the others in a query."""
        return prefix_of(self._primary)

    def _wrap(self, data_key: bytes, bound: bytes, value_nonce: bytes, ciphertext: bytes) -> SealedValue:
        wrap_nonce = secrets.token_bytes(NONCE_BYTES)
        wrapped = self._wrapping[self._primary].encrypt(wrap_nonce, data_key, bound)
        return Envelope(self._primary, wrap_nonce, wrapped, value_nonce, ciphertext).pack()

    def _unwrap(self, envelope: Envelope, bound: bytes) -> bytes:
        wrapping = self._wrapping.get(envelope.key_id)
        if wrapping is None:
            raise VaultError("The sealed value is wrapped by a key that the key ring does not hold.")
        try:
            return wrapping.decrypt(envelope.wrap_nonce, envelope.wrapped_key, bound)
        except InvalidTag:
            raise VaultError(_REFUSED) from None

    def __repr__(self) -> str:
        return f"Vault({', '.join(self._wrapping)})"
