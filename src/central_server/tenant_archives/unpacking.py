"""Pictures on their way out of an archive: first all are judged, then all are stored."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any, Final

from pydantic import ValidationError

from central_server.images.archiving import PICTURES
from central_server.images.files import ImageFiles, RenditionHash, digest_of
from central_server.images.links import place_of
from central_server.images.ready import ReadyPicture, ReadyRendition, read_ready
from central_server.infra.archives import ArchiveError, ArchiveReader
from central_server.infra.pictures.refusals import PictureRefusedError
from central_server.infra.pictures.sniffing import HEAD_BYTES, sniff
from central_server.tenant_archives.claims import Claim
from central_server.tenant_archives.contents import FILES_MEMBER
from central_server.tenant_archives.policy import row_invalid, row_of
from central_server.tenant_archives.shown import ShownPictures

_BATCH: Final = 50


class PictureUnpacker:
    """Reads pictures out of archives: the files have no names, they lie there in the order of the rows.

    The digest in a picture's row is of its files. So whoever signed the row has signed them, and a link leads here to
    what it led to there.
    """

    def __init__(self, files: ImageFiles) -> None:
        self.files = files

    async def check(self, reader: ArchiveReader) -> ShownPictures:
        """Judge all pictures, without storing any; `ArchiveError` for what is none."""
        shown = ShownPictures(reader.manifest.tenant_id)
        lines, files = reader.lines(PICTURES.member), _Files(reader)
        while await asyncio.to_thread(_check_some, lines, files, shown):
            pass
        await asyncio.to_thread(files.check_end)
        return shown

    async def store(self, reader: ArchiveReader, claim: Claim, tell: Callable[[int], Awaitable[None]]) -> None:
        """Store the files of pictures that were judged; `tell` is called with the number of pictures."""
        lines, files, done = reader.lines(PICTURES.member), _Files(reader), 0
        while batch := await asyncio.to_thread(lambda: [row_of(PICTURES, line) for line in islice(lines, _BATCH)]):
            for row in batch:
                await self._store(read_ready(row), files, claim)
                done += 1
                await tell(done)

    async def _store(self, picture: ReadyPicture, files: "_Files", claim: Claim) -> None:
        for one in picture.renditions:
            place = place_of(claim.tenant, picture.id, picture.digest, one.name)
            await claim.call(partial(self.files.store_rendition, place, _streamed(files, one)))


class _Files:
    """The files of an archive's pictures, one behind the other."""

    def __init__(self, reader: ArchiveReader) -> None:
        self._pieces = reader.pieces(FILES_MEMBER)
        self._rest = b""

    def take(self, size: int) -> Iterator[bytes]:
        """Give the next file, which has so many bytes, piece by piece."""
        while size:
            self._rest = self._rest or next(self._pieces, b"")
            if not self._rest:
                raise _not_those("a file is missing")
            piece, self._rest = self._rest[:size], self._rest[size:]
            size -= len(piece)
            yield piece

    def check_end(self) -> None:
        """Refuse what is behind the last file."""
        if self._rest or next(self._pieces, b""):
            raise _not_those("there is a file that no row names")


def _check_some(lines: Iterator[bytes], files: _Files, shown: ShownPictures) -> bool:
    """Judge some pictures; whether there were any."""
    before = shown.count
    for line in islice(lines, _BATCH):
        row = row_of(PICTURES, line)
        picture = _ready(row)
        if digest_of([_checked(one, files) for one in picture.renditions]) != picture.digest:
            raise _not_those("files are not those of their row")
        shown.add(row)
    return shown.count > before


def _checked(rendition: ReadyRendition, files: _Files) -> RenditionHash:
    digest, head = hashlib.sha256(), b""
    for piece in files.take(rendition.size):
        digest.update(piece)
        head += piece[: HEAD_BYTES - len(head)]
    try:
        kind = str(sniff(head))
    except PictureRefusedError:
        kind = "none"
    if kind != rendition.kind:
        raise _not_those(f"what is called {rendition.kind} is none")
    return RenditionHash(rendition.name, digest.hexdigest())


async def _streamed(files: _Files, rendition: ReadyRendition) -> AsyncGenerator[bytes]:
    pieces = files.take(rendition.size)
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece


def _ready(row: dict[str, Any]) -> ReadyPicture:
    try:
        return read_ready(row)
    except ValidationError:
        raise row_invalid(PICTURES.table.name) from None


def _not_those(why: str) -> ArchiveError:
    return ArchiveError("picture_invalid", f"The pictures of the archive are not as they must be: {why}.")
