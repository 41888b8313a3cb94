"""Archives: a zip of tables as lines of JSON, with a manifest that is signed. Knows no domain."""

from central_server.infra.archives.format import FORMAT_VERSION, ArchiveError, Manifest, Member
from central_server.infra.archives.reader import ArchiveReader
from central_server.infra.archives.sealing import SealedWith, open_secrets, seal_secrets
from central_server.infra.archives.signatures import ArchiveKeys
from central_server.infra.archives.writer import ArchiveWriter, OpenMember

__all__ = [
    "FORMAT_VERSION",
    "ArchiveError",
    "ArchiveKeys",
    "ArchiveReader",
    "ArchiveWriter",
    "Manifest",
    "Member",
    "OpenMember",
    "SealedWith",
    "open_secrets",
    "seal_secrets",
]
