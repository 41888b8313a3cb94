"""Secrets in archives: sealed with a passphrase, as no other server has this one's keys."""

import asyncio
import secrets
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt as Kdf

from central.kernel.ids import TenantId
from central_server.infra.archives.format import ArchiveError, Scrypt

_NONCE_BYTES: Final = 12


class SealedWith(NamedTuple):
    """What was sealed, and how its key is made of the passphrase."""

    content: bytes
    how: Scrypt


async def seal_secrets(plain: bytes, passphrase: str, tenant: TenantId) -> SealedWith:
    """Seal with AES-256-GCM under a key that scrypt makes of the passphrase, for an archive of this tenant alone."""
    how = Scrypt(salt=secrets.token_hex(16))
    key, nonce = await asyncio.to_thread(_key, passphrase, how), secrets.token_bytes(_NONCE_BYTES)
    return SealedWith(nonce + AESGCM(key).encrypt(nonce, plain, _bound(tenant)), how)


async def open_secrets(sealed: bytes, passphrase: str, how: Scrypt, tenant: TenantId) -> bytes:
    """Open what was sealed; `ArchiveError` for another passphrase, and for any changed bit."""
    key = await asyncio.to_thread(_key, passphrase, how)
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(tenant))
    except (InvalidTag, ValueError):
        raise ArchiveError("wrong_passphrase", "The archive's secrets do not open with this passphrase.") from None


def _key(passphrase: str, how: Scrypt) -> bytes:
    return Kdf(bytes.fromhex(how.salt), 32, how.n, how.r, how.p).derive(passphrase.encode())


def _bound(tenant: TenantId) -> bytes:
    return f"central tenant archive v1|{tenant}|client_secrets".encode()
