"""Pictures without Temporal: what a worker would do is done at once."""

import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

from central.images.models import Image, ImageUploadPrivate
from central.jobs.models import Job
from central.kernel.ids import ImageId, JobId, TenantId
from central_client import AsyncCentral
from central_server.images.files import ImageFiles, RenditionHash, digest_of
from central_server.images.links import place_of
from central_server.images.making import ImageMaker
from support.database import superuser
from support.hostile_pictures import photo
from support.place import Place, Stack

KINDS = ("avif", "webp", "jpeg")


async def created(client: AsyncCentral, content: bytes, usage: str = "avatar", **more: Any) -> ImageUploadPrivate:
    """Say that a picture is to come."""
    given: dict[str, Any] = {"usage": usage, "content_type": "image/jpeg", "size": len(content), **more}
    return await client.images.create_upload(**given)


async def sent(stack: Stack, upload: ImageUploadPrivate, content: bytes) -> int:
    """Send a picture's file as anybody would who has the upload, and give the status of the answer."""
    async with stack.http() as http:
        reply = await http.request(upload.method, upload.url, headers=upload.headers, content=content)
    return reply.status_code


async def uploaded(place: Place, client: AsyncCentral, content: bytes, usage: str = "avatar") -> Image:
    """Hand a picture over."""
    upload = await created(client, content, usage)
    assert await sent(place.stack, upload, content) == 204
    return await client.images.complete_upload(image=upload.image)


async def worked_on(place: Place, image: Image) -> str | None:
    """Do what a worker does with a picture, and give how its job ended."""
    assert image.job_id is not None
    return await work(place.stack, place.tenant.id, image.job_id)


async def work(stack: Stack, tenant: TenantId, job: JobId) -> str | None:
    """Do what the workflow does: make it, or settle what is left."""
    maker = await stack.central.container.get(ImageMaker)
    state = await maker.run(tenant, job)
    if state != "succeeded":
        await maker.TX_settle(tenant, job)
    return state


async def made(place: Place, client: AsyncCentral, content: bytes | None = None, usage: str = "avatar") -> Image:
    """Hand a picture over and have it made; gives it as it is then."""
    image = await uploaded(place, client, content or unlike_others(), usage)
    await worked_on(place, image)
    return await client.images.get(image=image.id)


async def job_of(client: AsyncCentral, image: Image) -> Job:
    """Give the job of a picture."""
    return await client.jobs.get(job=image.job_id or "")


def unlike_others(width: int = 80, height: int = 60) -> bytes:
    """Make a small picture that no other test has."""
    return photo(width, height, comment=secrets.token_bytes(16))


async def ready(place: Place, usage: str) -> ImageId:
    """Write down a picture of the owner that is ready, with its files, as quickly as can be."""
    image, tenant, contents = ImageId.new(), place.tenant.id, {f"64x64.{kind}": _rendition(kind) for kind in KINDS}
    digest = digest_of([RenditionHash(name, hashlib.sha256(one).hexdigest()) for name, one in contents.items()])
    renditions = [
        {"name": name, "kind": name.partition(".")[2], "width": 64, "height": 64, "size": len(one)}
        for name, one in contents.items()
    ]
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO images (tenant_id, id, usage, state, content_type, size, created_by, job_id, digest, width,"
            " height, blurhash, renditions) VALUES"
            " ($1, $2, $3, 'ready', 'image/png', 7, $4, gen_random_uuid(), $5, 64, 64, repeat('0', 28), $6)",
            *(tenant.uuid, image.uuid, usage, place.owner_user.id.uuid, digest, json.dumps(renditions)),
        )
    files = await place.stack.central.container.get(ImageFiles)
    for name, content in contents.items():
        await files.store_rendition(place_of(tenant, image, digest, name), _whole(content))
    return image


@cache
def _rendition(kind: str) -> bytes:
    return photo(64, 64, kind.upper())


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content
