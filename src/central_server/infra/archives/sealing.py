"""Secrets in archives: sealed with a passphrase, as no other server has this one's keys."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt as Kdf

from central.kernel.ids import TenantId
from central_server.infra.archives.format import ArchiveError, Scrypt

_NONCE_BYTES: Final = 12


class SealedWith(NamedTuple):
    """What was sealed, by what it is of, and how its key is made of the passphrase."""

    contents: Mapping[str, bytes]
    how: Scrypt


async def seal_secrets(plain: Mapping[str, bytes], passphrase: str, tenant: TenantId) -> SealedWith:
    """Seal with AES-256-GCM under a key that scrypt makes of the passphrase, for an archive of this tenant alone.

    Each content is bound to what it is of, the name of a table: it opens in no other place.
    """
    how = Scrypt(salt=secrets.token_hex(16))
    cipher = AESGCM(await asyncio.to_thread(_key, passphrase, how))
    return SealedWith({of: _sealed(cipher, content, tenant, of) for of, content in plain.items()}, how)


async def open_secrets(
    sealed: Mapping[str, bytes], passphrase: str, how: Scrypt, tenant: TenantId
) -> Mapping[str, bytes]:
    """Open what was sealed; `ArchiveError` for another passphrase, and for any changed bit."""
    cipher = AESGCM(await asyncio.to_thread(_key, passphrase, how))
    try:
        return {
            of: cipher.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], _bound(tenant, of))
            for of, content in sealed.items()
        }
    except (InvalidTag, ValueError):
        raise ArchiveError("wrong_passphrase", "The archive's secrets do not open with this passphrase.") from None


def _sealed(cipher: AESGCM, content: bytes, tenant: TenantId, of: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, _bound(tenant, of))


def _key(passphrase: str, how: Scrypt) -> bytes:
    return Kdf(bytes.fromhex(how.salt), 32, how.n, how.r, how.p).derive(passphrase.encode())


def _bound(tenant: TenantId, of: str) -> bytes:
    return f"central tenant archive v1|{tenant}|{of}".encode()
