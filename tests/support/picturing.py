"""Pictures without Temporal: what a worker would do is done at once."""

import secrets
from typing import Any

from central.images.models import Image, ImageUploadPrivate
from central.jobs.models import Job
from central.kernel.ids import JobId, TenantId
from central_client import AsyncCentral
from central_server.images.making import ImageMaker
from support.hostile_pictures import photo
from support.place import Place, Stack


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
