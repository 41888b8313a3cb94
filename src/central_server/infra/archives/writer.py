import hashlib
import zipfile
from collections.abc import Iterable
from typing import IO, Final, Self

from central_server.infra.archives.format import MANIFEST, MOST_BYTES, SIGNATURE, ArchiveError, Manifest, Member
from central_server.infra.archives.signatures import ArchiveKeys

_BEGINNING: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every member, as far as the zip has one: what is in an archive says when, not how it was packed."""


class ArchiveWriter:
    """Writes an archive into a file, member by member, and in the end the manifest that is signed."""

    def __init__(self, to: IO[bytes], keys: ArchiveKeys) -> None:
        self._zip = zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED)
        self._keys = keys
        self._members = list[Member]()
        self._open: OpenMember | None = None

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the zip; without a manifest nobody reads it."""
        if self._open is not None:
            # Else the zip says that there is one, and nobody hears of what kept it from its end.
            self._open.close()
        self._zip.close()

    def open(self, name: str, *, packed: bool = True) -> "OpenMember":
        """Begin a member, which takes what is written until it is closed; what is packed already is stored as it is."""
        room = MOST_BYTES - sum(one.size for one in self._members)
        self._open = OpenMember(self._zip.open(_info(name, packed=packed), "w"), name, room)
        return self._open

    def close(self, member: "OpenMember") -> None:
        """End a member."""
        self._members.append(member.close())
        self._open = None

    def finish(self, manifest: Manifest) -> Manifest:
        """Write the manifest, with what was written, and its signature."""
        whole = manifest.model_copy(update={"members": tuple(self._members), "key": self._keys.public_key})
        text = whole.model_dump_json(indent=1, exclude_none=True).encode()
        self._zip.writestr(_info(MANIFEST), text)
        self._zip.writestr(_info(SIGNATURE), self._keys.sign(text))
        return whole


class OpenMember:
    """A member that is being written; `room` is how many bytes there may be."""

    def __init__(self, file: IO[bytes], name: str, room: int) -> None:
        self._file = file
        self._name = name
        self._room = room
        self._size = self._rows = 0
        self._hash = hashlib.sha256()

    def write(self, lines: Iterable[bytes]) -> None:
        """Write lines, each with a line break behind it; `ArchiveError` for more than an archive may hold."""
        for line in lines:
            self._put(line + b"\n")
            self._rows += 1

    def write_bytes(self, pieces: Iterable[bytes], rows: int) -> None:
        """Write what is no text, and of how many rows it was made."""
        for piece in pieces:
            self._put(piece)
        self._rows += rows

    def close(self) -> Member:
        """End it, and give what it is."""
        self._file.close()
        return Member(name=self._name, size=self._size, sha256=self._hash.hexdigest(), rows=self._rows)

    def _put(self, content: bytes) -> None:
        self._size += len(content)
        if self._size > self._room:
            raise ArchiveError("archive_too_large", f"An archive holds up to {MOST_BYTES:,} bytes.")
        self._hash.update(content)
        self._file.write(content)


def _info(name: str, *, packed: bool = True) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _BEGINNING)
    info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    return info
