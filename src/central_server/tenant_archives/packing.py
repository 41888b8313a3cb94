"""Pictures on their way into an archive: those whose files are all there, as they were made."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from tempfile import TemporaryFile
from typing import IO, Final, NamedTuple

from pydantic import ValidationError

from central.errors import NotFoundError
from central.kernel.ids import TenantId
from central_server.images.archiving import PICTURES
from central_server.images.files import ImageFiles, RenditionHash, digest_of
from central_server.images.links import place_of
from central_server.images.ready import ReadyPicture, ReadyRendition, read_ready
from central_server.infra.archives import ArchiveWriter, OpenMember
from central_server.infra.logs import component_logger
from central_server.tenant_archives.contents import FILES_MEMBER
from central_server.tenant_archives.shown import ShownPictures
from central_server.tenant_archives.spool import Spool

_PIECE: Final = 256 * 1024


class Packed(NamedTuple):
    """What became of a tenant's pictures: what is shown of those that are in the archive, and how many are not."""

    shown: ShownPictures
    left_out: int


class PicturePacker:
    """Writes pictures into archives: the files one after the other, and behind them the rows.

    The files lie outside the database's snapshot: one that has gone since, or is not what it was made, keeps its
    picture out of the archive, and the archive from nothing else.
    """

    def __init__(self, files: ImageFiles) -> None:
        self.files = files
        self.log = component_logger(self)

    async def pack(
        self, writer: ArchiveWriter, tenant: TenantId, rows: Spool, tell: Callable[[int], Awaitable[None]]
    ) -> Packed:
        """Write the pictures of these rows; `tell` is called with the number of those that were looked at."""
        shown, left_out = ShownPictures(tenant), 0
        with Spool() as kept, TemporaryFile() as scratch:
            member = writer.open(FILES_MEMBER, packed=False)
            async for batch in rows.batches():
                for line in batch:
                    if await self._pack(tenant, line, scratch, member, shown):
                        kept.write([line])
                    else:
                        left_out += 1
                    await tell(shown.count + left_out)
            writer.close(member)
            await write_lines(writer, PICTURES.member, kept)
        return Packed(shown, left_out)

    async def _pack(
        self, tenant: TenantId, line: bytes, scratch: IO[bytes], member: OpenMember, shown: ShownPictures
    ) -> bool:
        """Write the files of a picture; whether all of them are there."""
        row = PICTURES.read(line)
        try:
            picture = read_ready(row)
            are_there = await self._fetch(tenant, picture, scratch)
        except (ValidationError, NotFoundError):
            are_there = False
        if not are_there:
            self.log.warning("picture left out of an archive", tenant=tenant, image=row["id"])
            return False
        shown.add(row)
        await asyncio.to_thread(member.write_bytes, _pieces_of(scratch), 1)
        return True

    async def _fetch(self, tenant: TenantId, picture: ReadyPicture, scratch: IO[bytes]) -> bool:
        """Get all files of a picture, so that either all or none of them come into the archive."""
        scratch.seek(0)
        scratch.truncate()
        hashes = [await self._fetch_one(tenant, picture, one, scratch) for one in picture.renditions]
        return scratch.tell() == sum(one.size for one in picture.renditions) and digest_of(hashes) == picture.digest

    async def _fetch_one(
        self, tenant: TenantId, picture: ReadyPicture, rendition: ReadyRendition, scratch: IO[bytes]
    ) -> RenditionHash:
        digest = hashlib.sha256()
        async for piece in await self.files.open(place_of(tenant, picture.id, picture.digest, rendition.name)):
            digest.update(piece)
            scratch.write(piece)
        return RenditionHash(rendition.name, digest.hexdigest())


async def write_lines(writer: ArchiveWriter, name: str, lines: Spool) -> None:
    """Write a member of lines that waited."""
    member = writer.open(name)
    async for batch in lines.batches():
        # Packing takes the processor; others on this loop have heartbeats to send meanwhile.
        await asyncio.to_thread(member.write, batch)
    writer.close(member)


def _pieces_of(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece
