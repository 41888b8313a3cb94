from collections.abc import Sequence
from typing import Final, final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from central_server.infra.archives.format import ArchiveError
from central_server.infra.vault import SigningKeys

_PURPOSE: Final = "tenant-archive"
_PREFIX: Final = b"central tenant archive v1\n"


@final
class ArchiveKeys:
    """Signs archives with Ed25519 (RFC 8032), and says whose are believed: one's own, and those of servers named.

    The keys are derived from the server's signing keys, so that there is nothing further to keep; they change with
    them, and the former ones are believed for as long as those are in the ring.
    """

    def __init__(self, signing: SigningKeys, trusted: Sequence[str]) -> None:
        self._own = [Ed25519PrivateKey.from_private_bytes(seed) for seed in signing.subkeys(_PURPOSE)]
        self._trusted = {*trusted, *(_public(key) for key in self._own)}

    @property
    def public_key(self) -> str:
        """The key by which others believe this server's archives, in hexadecimal digits."""
        return _public(self._own[0])

    def sign(self, manifest: bytes) -> bytes:
        """Give the 64 bytes that say that this server wrote the manifest."""
        return self._own[0].sign(_PREFIX + manifest)

    def check(self, key: str, manifest: bytes, signature: bytes) -> None:
        """Refuse a manifest that was not signed with its key, or with one that nobody here trusts."""
        if key not in self._trusted:
            raise ArchiveError(
                "key_not_trusted",
                f"The archive was signed with {key}, which is not among CENTRAL_TRUSTED_ARCHIVE_KEYS.",
            )
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, _PREFIX + manifest)
        except (InvalidSignature, ValueError):
            raise ArchiveError("bad_signature", "The archive's signature is not that of its manifest.") from None


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()
