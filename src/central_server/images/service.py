from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from central.errors import NotFoundError
from central.images.events import ImageDeleted
from central.images.models import (
    DeleteImageInput,
    GetImageInput,
    Image,
    ImageUsage,
    ListImagesInput,
    ListImagesResponse,
)
from central.kernel.ids import ImageId, TenantId
from central_server.images import queries
from central_server.images.links import ImageLinks
from central_server.images.mapping import image_from, picture_from
from central_server.images.policy import check_may_see, check_shows, may_see_all
from central_server.images.queries import ImageFilters
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor

T = TypeVar("T")


class ImageService:
    """The pictures of tenants, as those see them who handed them over; `ImageMaker` is how workers do."""

    def __init__(self, db: Database, outbox: Outbox, links: ImageLinks) -> None:
        self.db = db
        self.outbox = outbox
        self.links = links

    async def get_image_by_id(
        self, tenant: TenantId, image: ImageId, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Image | None:
        """Find a picture whose file was sent, whoever asks."""
        row = await (executor or self.db.read(tenant)).first(queries.GET_IMAGE, tenant_id=tenant, id=image)
        return None if row is None or row["state"] == "uploading" else image_from(row, self.links)

    async def with_image_by_id(
        self,
        tenant: TenantId,
        image: ImageId,
        use: Callable[[Image], Awaitable[T]],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> T:
        """Find a picture and use it; `NotFoundError` when there is none."""
        found = await self.get_image_by_id(tenant, image, executor)
        if found is None:
            raise NotFoundError.of("image")
        return await use(found)

    async def get(
        self, input: GetImageInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Image:
        """Give a picture that the actor may see."""
        reader = executor or self.db.read(actor.tenant_id)
        row = await reader.first(queries.GET_IMAGE, tenant_id=actor.tenant_id, id=input.image)
        return image_from(check_may_see(row, actor), self.links)

    async def list(
        self, input: ListImagesInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListImagesResponse:
        """Give a page of the pictures that the actor may see, newest first."""
        asked, position = open_cursor(input)
        given = {"usage": asked.usage, "created_by": None if may_see_all(actor) else actor.user_id}
        which: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        query = queries.list_images(ImageFilters(**dict.fromkeys(which, True)), goes_on=position is not None)
        if position is not None:
            which |= {"after_key": position.time, "after_id": position.id}
        reader = executor or self.db.read(actor.tenant_id)
        rows = await reader.all(query, tenant_id=actor.tenant_id, count=asked.limit + 1, **which)
        shown = rows[: asked.limit]
        cursor = next_cursor(asked, shown[-1]["created_at"], shown[-1]["id"]) if len(rows) > asked.limit else None
        return ListImagesResponse(images=[image_from(row, self.links) for row in shown], next_cursor=cursor)

    async def pick(self, image: ImageId, usage: ImageUsage, actor: Actor, executor: WriteExecutor) -> dict[str, Any]:
        """Give what is kept of a picture where it is shown; it is there until the transaction ends.

        `NotFoundError` for one that the actor does not see, `ConflictError` for one that is not ready or for
        something else.
        """
        row = await executor.first(queries.LOCK_IMAGE, tenant_id=actor.tenant_id, id=image)
        return picture_from(check_shows(check_may_see(row, actor), usage))

    async def delete_replaced(self, picture: Mapping[str, Any] | None, actor: Actor, executor: WriteExecutor) -> None:
        """Delete the picture that another one has taken the place of, if there was one."""
        if picture is None:
            return
        image = ImageId(picture["image_id"])
        await executor.execute(queries.DELETE_IMAGE, tenant_id=actor.tenant_id, id=image)
        await self.outbox.add(ImageDeleted(tenant_id=actor.tenant_id, image_id=image), actor.by, executor)

    async def TX_delete_image(self, input: DeleteImageInput, actor: Actor) -> None:
        """Delete a picture that the actor may see; its files go when the event is heard of."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            row = await tx.first(queries.LOCK_IMAGE, tenant_id=actor.tenant_id, id=input.image)
            check_may_see(row, actor)
            await tx.execute(queries.DELETE_IMAGE, tenant_id=actor.tenant_id, id=input.image)
            event = ImageDeleted(tenant_id=actor.tenant_id, image_id=input.image)
            await self.outbox.add(event, actor.by, tx)
