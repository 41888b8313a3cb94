"""The files of pictures: what was sent, until it is done with, and the renditions."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from central.errors import NotFoundError
from central.kernel.ids import ImageId, TenantId
from central_server.images.links import ImagePlace, RenditionPlace, place_of
from central_server.images.tables import DBImage
from central_server.infra.config import Settings
from central_server.infra.object_store import Bucket, ObjectStore, SignedPut
from central_server.infra.pictures.recipes import Picture

_SENT: Final = Bucket.UPLOAD_STAGING
_SHOWN: Final = Bucket.USER_CONTENT
_PREFIX: Final = "images/"
_DIGEST_LENGTH: Final = 32


class RenditionHash(NamedTuple):
    """A rendition's name, and the SHA-256 of its content in hexadecimal digits."""

    name: str
    sha256: str


class StoredRenditions(NamedTuple):
    """Renditions that were stored: the digest of their contents, and what each is."""

    digest: str
    renditions: Sequence[dict[str, Any]]


class FileRefusedError(Exception):
    """What was sent is not what was said to come; `str` is the reason."""


class ImageFiles:
    """Keeps files of pictures.

    Renditions lie in a folder that is named after their contents, so that an attempt after another writes the same
    objects again, and a link can be cached for ever.
    """

    def __init__(self, store: ObjectStore, settings: Settings) -> None:
        self.store = store
        self._presigned = settings.presigned_uploads

    async def presign(self, tenant: TenantId, image: ImageId, seconds: int) -> SignedPut | None:
        """Give where in the bucket the file of a picture may be put; None where it goes through the API."""
        if not self._presigned:
            return None
        return await self.store.presign_put(_SENT, tenant, _sent_key(image), seconds)

    async def receive(self, tenant: TenantId, image: ImageId, content: AsyncIterator[bytes]) -> None:
        """Keep the file of a picture; what comes again takes its place."""
        await self.store.put(_SENT, tenant, _sent_key(image), content)

    async def list_old_sent(self, age: timedelta) -> AsyncIterator[ImagePlace]:
        """Give the pictures of all tenants whose file was sent so long ago and is there."""
        async for found in self.store.list_old(_SENT, age):
            if (image := _image_at(found.key)) is not None:
                yield ImagePlace(found.tenant, image)

    async def size_sent(self, tenant: TenantId, image: ImageId) -> int | None:
        """Give how large the file is that was sent; None while there is none."""
        return await self.store.size(_SENT, tenant, _sent_key(image))

    async def fetch(self, row: DBImage, to: Path) -> None:
        """Write what was sent into a file; `FileRefusedError` when it is not what was said to come."""
        content = await self.store.get(_SENT, row["tenant_id"], _sent_key(row["id"]))
        if content is None:
            raise FileRefusedError("upload_missing")
        data = bytearray()
        async for piece in content:
            data += piece
            if len(data) > row["size"]:
                raise FileRefusedError("too_large")
        if row["sha256"] not in {None, hashlib.sha256(data).hexdigest()}:
            raise FileRefusedError("checksum_differs")
        await asyncio.to_thread(to.write_bytes, data)

    async def store_renditions(self, row: DBImage, picture: Picture, folder: Path) -> StoredRenditions:
        """Store what came out of a picture."""
        contents = {one.name: await asyncio.to_thread((folder / one.name).read_bytes) for one in picture.renditions}
        digest = digest_of(
            [RenditionHash(name, hashlib.sha256(content).hexdigest()) for name, content in contents.items()]
        )
        for name, content in contents.items():
            place = place_of(row["tenant_id"], row["id"], digest, name)
            await self.store_rendition(place, _whole(content))
        told = [{**one._asdict(), "kind": str(one.kind), "size": len(contents[one.name])} for one in picture.renditions]
        return StoredRenditions(digest, told)

    async def store_rendition(self, rendition: RenditionPlace, content: AsyncIterator[bytes]) -> None:
        """Store a rendition, whose digest says that it is of such a content."""
        await self.store.put(_SHOWN, rendition.place.tenant, _key_of(rendition), content)

    async def open(self, rendition: RenditionPlace) -> AsyncIterator[bytes]:
        """Open a rendition; `NotFoundError` when there is none."""
        content = await self.store.get(_SHOWN, rendition.place.tenant, _key_of(rendition))
        if content is None:
            raise NotFoundError.of("picture")
        return content

    async def delete_sent(self, tenant: TenantId, image: ImageId) -> None:
        """Delete what was sent."""
        await self.store.delete(_SENT, tenant, _sent_key(image))

    async def delete_renditions(self, tenant: TenantId, image: ImageId, *, keep: str | None) -> None:
        """Delete the renditions of a picture but for those of one digest."""
        kept = None if keep is None else f"{_folder(image)}/{keep}"
        await self.store.delete_folder(_SHOWN, tenant, _folder(image), keep=kept)

    async def delete_all(self, tenant: TenantId, image: ImageId) -> None:
        """Delete all files of a picture."""
        await self.delete_sent(tenant, image)
        await self.delete_renditions(tenant, image, keep=None)


def _sent_key(image: ImageId) -> str:
    return f"{_PREFIX}{image}"


def _image_at(key: str) -> ImageId | None:
    try:
        return ImageId(key.removeprefix(_PREFIX))
    except ValueError:
        return None


def _folder(image: ImageId) -> str:
    return f"{_PREFIX}{image}"


def _key_of(rendition: RenditionPlace) -> str:
    return f"{_folder(rendition.place.image)}/{rendition.digest}/{rendition.name}"


def digest_of(hashes: Sequence[RenditionHash]) -> str:
    """Give the digest of renditions, in their order: by it their links, and whoever signs their row, name contents."""
    text = "".join(f"{name} {sha256}\n" for name, sha256 in hashes)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


async def _whole(content: bytes) -> AsyncGenerator[bytes]:
    yield content
