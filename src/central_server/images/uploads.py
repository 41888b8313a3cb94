from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

from central.errors import NotFoundError, PayloadTooLargeError
from central.images.events import ImageProcessingRequested
from central.images.models import CompleteImageUploadInput, CreateImageUploadInput, Image, ImageUploadPrivate
from central.jobs.models import ImageProcessingResult
from central.kernel.ids import EventId, ImageId, JobId
from central_server.images import queries
from central_server.images.files import ImageFiles
from central_server.images.links import TOKEN_HEADER, ImageLinks, ImagePlace
from central_server.images.mapping import image_from
from central_server.images.policy import check_arrived, check_may_upload, check_own_upload, check_room
from central_server.images.tables import DBImage
from central_server.infra.actor import Actor
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.object_store import SignedPut
from central_server.jobs.service import JobService

_STAGED_SECONDS: Final = 3600


class ImageUploads:
    """Pictures on their way in: announced, sent, and said to be there, which has a job make the renditions."""

    def __init__(self, db: Database, jobs: JobService, links: ImageLinks, files: ImageFiles) -> None:
        self.db = db
        self.jobs = jobs
        self.links = links
        self.files = files

    async def TX_create(self, input: CreateImageUploadInput, actor: Actor) -> ImageUploadPrivate:
        """Expect a file; `ForbiddenError` for a usage that is not the actor's, `ConflictError` for too many."""
        check_may_upload(input.usage, actor)
        tenant, image = actor.tenant_id, ImageId.new()
        presigned = await self.files.presign(tenant, image, _STAGED_SECONDS)
        async with self.db.write(tenant, actor.unit) as tx:
            await self._check_room(input, actor, tx)
            row = await tx.first(
                queries.INSERT_IMAGE,
                tenant_id=tenant,
                id=image,
                created_by=actor.user_id,
                staged_seconds=_STAGED_SECONDS,
                **input.model_dump(by_alias=False, exclude={"tenant"}),
            )
        assert row is not None
        return self._upload_of(row, presigned)

    def _upload_of(self, row: DBImage, presigned: SignedPut | None) -> ImageUploadPrivate:
        tenant, image, until = row["tenant_id"], row["id"], row["staged_until"]
        assert until is not None
        headers = {"content-type": str(row["content_type"])}
        if presigned is None:
            url = self.links.of_upload(tenant, image)
            headers[TOKEN_HEADER] = self.links.issue_token(tenant, image, until)
        else:
            url = presigned.url
            headers |= presigned.headers
        return ImageUploadPrivate(image=image, usage=row["usage"], url=url, headers=headers, expires_at=until)

    async def _check_room(self, input: CreateImageUploadInput, actor: Actor, tx: WriteExecutor) -> None:
        """Count what there is while nobody else of the same user does; `ConflictError` for too many."""
        await tx.first(queries.LOCK_CREATOR, creator_key=f"images|{actor.user_id}")
        which = {"tenant_id": actor.tenant_id, "created_by": actor.user_id, "usage": input.usage}
        counted = await tx.first(queries.COUNT_OF_CREATOR, **which)
        check_room(input.usage, 0 if counted is None else counted["count"])

    async def receive(self, place: ImagePlace, token: str, content: AsyncIterator[bytes]) -> None:
        """Keep the file that whoever has the token sends; `NotFoundError` where none is expected.

        `PayloadTooLargeError` as soon as it is more than was said.
        """
        tenant, image = place
        if not self.links.is_token(token, tenant, image, datetime.now(UTC)):
            raise NotFoundError.of("upload")
        row = await self.db.read(tenant).first(queries.GET_IMAGE, tenant_id=tenant, id=image)
        if row is None or row["state"] != "uploading":
            raise NotFoundError.of("upload")
        await self.files.receive(tenant, image, _bounded(content, row["size"]))

    async def TX_complete(self, input: CompleteImageUploadInput, actor: Actor) -> Image:
        """Have the renditions made; one that is complete already stays as it is.

        `ConflictError` for a file that has not come or has another size, `GoneError` when the time is over.
        """
        which: dict[str, Any] = {"tenant_id": actor.tenant_id, "id": input.image}
        found = await self.db.read(actor.tenant_id).first(queries.GET_IMAGE, **which)
        row = check_own_upload(found, actor)
        if row["state"] == "uploading":
            check_arrived(row, await self.files.size_sent(actor.tenant_id, input.image))
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            locked = await tx.first(queries.LOCK_IMAGE, **which)
            row = check_own_upload(locked, actor)
            if row["state"] == "uploading":
                row = await self._start(row, actor, tx)
            return image_from(row, self.links)

    async def _start(self, row: DBImage, actor: Actor, tx: WriteExecutor) -> DBImage:
        def requested(job: JobId, event: EventId) -> ImageProcessingRequested:
            return ImageProcessingRequested(id=event, tenant_id=actor.tenant_id, job_id=job, version=1)

        nothing = ImageProcessingResult(image_id=row["id"])
        result = nothing.model_dump(mode="json", by_alias=False, exclude={"type_"})
        options = {"image": str(row["id"])}
        job = await self.jobs.start_job("image_processing", options, result, requested, actor, tx)
        started = await tx.first(queries.SET_PENDING, of_tenant=actor.tenant_id, of_id=row["id"], new_job_id=job.id)
        assert started is not None, "it is locked"
        return started


async def _bounded(content: AsyncIterator[bytes], most: int) -> AsyncGenerator[bytes]:
    size = 0
    async for piece in content:
        size += len(piece)
        if size > most:
            raise PayloadTooLargeError(f"The file is larger than the {most:,} bytes that it was said to have.")
        yield piece
