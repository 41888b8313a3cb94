"""What an archive is made of, and how much of it there may be."""

from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from central.kernel.ids import TenantId

FORMAT_VERSION: Final = 3
"""2 had pictures, 3 has webhook endpoints; no release wrote archives of a version before, and they are not read."""
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"

MOST_MEMBERS: Final = 64
MOST_MANIFEST_BYTES: Final = 4 * 1024 * 1024
MOST_BYTES: Final = 2 * 1024**3 - 1
"""Of one member, and of all of them together, unpacked."""
MOST_LINE_BYTES: Final = 4 * 1024 * 1024
MOST_RATIO: Final = 1000
"""How much larger than packed a member may be unpacked: deflate gives no more than 1,032, and rows far less."""


class ArchiveError(Exception):
    """An archive that is not to be read, and why: a stable word for programs, and the same for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Member(_Part):
    """A file of the archive: its length and its SHA-256, unpacked, and how many lines it has, or is made of."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}\.(ndjson|sealed|files)$")
    size: int = Field(ge=0, le=MOST_BYTES)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    rows: int = Field(ge=0)


class Scrypt(_Part):
    """How the passphrase becomes the key of what is sealed (RFC 7914). Its costs are those of the format's version."""

    kdf: Literal["scrypt"] = "scrypt"
    n: Literal[32768] = 32768
    r: Literal[8] = 8
    p: Literal[1] = 1
    salt: str = Field(pattern=r"^[0-9a-f]{32}$")


class Manifest(_Part):
    """What an archive says of itself. It is signed as it stands in the archive, byte by byte."""

    format: Literal["central-tenant-archive"] = "central-tenant-archive"
    version: int
    tenant_id: TenantId
    slug: str
    created_at: datetime
    key: str = Field(pattern=r"^[0-9a-f]{64}$", description="The public key that the signature is of.")
    connectors_with_secrets: tuple[str, ...] = ()
    sealed_with: Scrypt | None = None
    members: tuple[Member, ...] = Field(max_length=MOST_MEMBERS)
