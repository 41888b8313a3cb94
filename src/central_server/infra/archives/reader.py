"""Reads archives that anybody may have made: nothing is believed before the signature, nothing is unpacked to disk."""

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Final, TypeVar

from pydantic import ValidationError

from central_server.infra.archives.format import (
    FORMAT_VERSION,
    MANIFEST,
    MOST_BYTES,
    MOST_LINE_BYTES,
    MOST_MANIFEST_BYTES,
    MOST_MEMBERS,
    MOST_RATIO,
    SIGNATURE,
    ArchiveError,
    Manifest,
    Member,
)
from central_server.infra.archives.signatures import ArchiveKeys

T = TypeVar("T")
_END: Final = struct.Struct("<4s4H2LH")
_END_MARK: Final = b"PK\x05\x06"
_MOST_END_BYTES: Final = 65_536 + _END.size
_MOST_DIRECTORY_BYTES: Final = MOST_MEMBERS * 1024
_PIECE: Final = 256 * 1024
_SIGNATURE_BYTES: Final = 64
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_IS_ENCRYPTED: Final = 0x1
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class ArchiveReader:
    """An archive whose signature is right and whose parts are those that its manifest names.

    A member's content is checked while it is read: whoever has read it to its end knows that it is what was signed.
    """

    def __init__(self, file: IO[bytes], keys: ArchiveKeys) -> None:
        with _told():
            _check_directory(file)
            self._zip = zipfile.ZipFile(file)
            self._infos = _checked_infos(self._zip)
            self.manifest = self._read_manifest(keys)
        self.members: Mapping[str, Member] = {member.name: member for member in self.manifest.members}
        if {*self.members, MANIFEST, SIGNATURE} != set(self._infos) or len(self.members) != len(self.manifest.members):
            raise _malformed("its files are not those that its manifest names")

    def lines(self, name: str) -> Iterator[bytes]:
        """Give the lines of a member, one by one; `ArchiveError` at the latest at its end, if it is not what it was."""
        rest, rows = b"", 0
        for piece in self.pieces(name):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                rows += 1
                yield line
            if len(rest) > MOST_LINE_BYTES:
                raise _malformed("a line is too long")
        if rest or rows != self.members[name].rows:
            raise _malformed(f"{name} has not the lines that its manifest names")

    def content(self, name: str, most: int) -> bytes:
        """Give a small member as a whole."""
        member = self.members[name]
        if member.size > most:
            raise _malformed(f"{name} is too large")
        return b"".join(self.pieces(name))

    def pieces(self, name: str) -> Iterator[bytes]:
        """Give the content of a member, up to 256 KiB at a time; `ArchiveError` as `lines` does."""
        member = self.members[name]
        size, digest = 0, hashlib.sha256()
        with _told(), self._zip.open(self._infos[member.name]) as file:
            while piece := file.read(_PIECE):
                size += len(piece)
                if size > member.size:
                    break
                digest.update(piece)
                yield piece
        if (size, digest.hexdigest()) != (member.size, member.sha256):
            raise ArchiveError("member_changed", f"{member.name} is not what was signed.")

    def _read_manifest(self, keys: ArchiveKeys) -> Manifest:
        """Read the manifest: first by whom it is, and only then what it says."""
        text, signature = self._small(MANIFEST, MOST_MANIFEST_BYTES), self._small(SIGNATURE, _SIGNATURE_BYTES)
        manifest = _parsed(text)
        keys.check(manifest.key, text, signature)
        if manifest.version != FORMAT_VERSION:
            raise ArchiveError(
                "unknown_version",
                f"The archive has version {manifest.version} of the format, and this server reads {FORMAT_VERSION}.",
            )
        return manifest

    def _small(self, name: str, most: int) -> bytes:
        if name not in self._infos:
            raise _malformed(f"it has no {name}")
        if self._infos[name].file_size > most:
            raise _malformed(f"{name} is too large")
        with self._zip.open(self._infos[name]) as file:
            return file.read(most + 1)


def _parsed(text: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(text)
    except ValidationError:
        raise _malformed("its manifest cannot be read") from None


def _check_directory(file: IO[bytes]) -> None:
    """Refuse a directory that is larger than an archive's, before a library makes an object of each entry of it."""
    length = file.seek(0, 2)
    file.seek(max(0, length - _MOST_END_BYTES))
    tail = file.read()
    place = tail.rfind(_END_MARK)
    if place < 0 or len(tail) - place < _END.size:
        raise _malformed("it is no zip")
    _, _, _, _, entries, size, _, _ = _END.unpack_from(tail, place)
    # Larger numbers are those of ZIP64, of which no archive has need.
    if (
        entries > MOST_MEMBERS + 2
        or size > _MOST_DIRECTORY_BYTES
        or tail[max(0, place - 20) : place][:4] == b"PK\x06\x07"
    ):
        raise ArchiveError("archive_too_large", "An archive holds no more than a few dozen files.")
    file.seek(0)


def _checked_infos(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Give the entries by name, none of which is read yet; each name, and each place, is there once."""
    infos = archive.infolist()
    by_name = {info.filename: info for info in infos}
    if len(by_name) != len(infos) or len({info.header_offset for info in infos}) != len(infos):
        raise _malformed("a file is there twice")
    if any(info.compress_type not in _METHODS or info.flag_bits & _IS_ENCRYPTED for info in infos):
        raise _malformed("a file is packed in a way that is not read")
    if sum(info.file_size for info in infos) > MOST_BYTES + MOST_MANIFEST_BYTES:
        raise ArchiveError("archive_too_large", f"An archive holds up to {MOST_BYTES:,} bytes.")
    if any(info.file_size > MOST_RATIO * max(info.compress_size, 64) for info in infos):
        raise ArchiveError("archive_too_large", "A file of the archive is packed more than rows can be.")
    return by_name


@contextmanager
def _told() -> Generator[None]:
    """Turn what the library says of a broken archive into the error that says so."""
    try:
        yield
    except _BROKEN as error:
        raise _malformed("it is damaged") from error


def _malformed(why: str) -> ArchiveError:
    return ArchiveError("archive_malformed", f"This is no archive that can be read: {why}.")
