"""Secrets at rest and message authentication: a key ring, an envelope and purpose-bound signatures."""

from central_server.infra.vault.envelope import SealedValue, VaultError, key_id_of
from central_server.infra.vault.keyring import KeyRing, generate_key
from central_server.infra.vault.signing import SigningKeys
from central_server.infra.vault.vault import Vault, associated_data

__all__ = [
    "KeyRing",
    "SealedValue",
    "SigningKeys",
    "Vault",
    "VaultError",
    "associated_data",
    "generate_key",
    "key_id_of",
]
