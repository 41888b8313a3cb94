"""Pictures as workers make them."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from central.images.events import ImageFailed, ImageReady
from central.images.models import ImageReason
from central.jobs.models import ImageProcessingResult
from central.kernel.ids import ImageId, JobId, TenantId
from central_server.images import queries
from central_server.images.files import FileRefusedError, ImageFiles, StoredRenditions
from central_server.images.policy import MESSAGES, RECIPES
from central_server.images.tables import DBImage
from central_server.infra.actor import SYSTEM, By
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.infra.pictures.processor import PictureProcessor
from central_server.infra.pictures.recipes import Picture
from central_server.infra.pictures.refusals import PictureRefusedError
from central_server.jobs.runs import JobRuns, Outcome, Run
from central_server.jobs.working import JobWork, WorkFailedError


class ImageMaker:
    """Makes the renditions of pictures.

    They are stored before the row says that they are there, in a folder of their contents: killed at any moment,
    another attempt does the same again. However the job ends, `TX_settle` leaves neither a picture that waits for
    ever nor a file that nobody needs. An attempt that comes late, because it was taken for dead, takes its files away.
    """

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        runs: JobRuns,
        work: JobWork,
        files: ImageFiles,
        pictures: PictureProcessor,
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.runs = runs
        self.work = work
        self.files = files
        self.pictures = pictures

    async def run(self, tenant: TenantId, job: JobId) -> str | None:
        """Make one; gives how its job ended, or None when there was nothing to do."""
        return await self.work.do(tenant, job, "processing", self._make)

    async def TX_settle(self, tenant: TenantId, job: JobId) -> None:
        """Let a picture whose job is over without it have failed, and delete the files that nobody needs."""
        async with self.db.write(tenant) as tx:
            row = await tx.first(queries.LOCK_IMAGE_OF_JOB, tenant_id=tenant, job_id=job)
            if row is None:
                return
            await self._fail(row, await self._why_over(tenant, job, tx), SYSTEM, tx)
        if row["state"] == "ready":
            await self._TX_forget_sent(row)
            return
        await self.files.delete_all(tenant, row["id"])
        await self._TX_forget_sent(row)

    async def _why_over(self, tenant: TenantId, job: JobId, tx: WriteExecutor) -> ImageReason:
        return "cancelled" if await self.runs.state_of(tenant, job, tx) == "cancelled" else "gave_up"

    async def _make(self, run: Run) -> Outcome:
        image = ImageId(run.options["image"])
        try:
            return await self._make_one(run, image)
        finally:
            # However it ends, when it was cut off because it was taken for dead, too.
            await self._TX_delete_strays(run.tenant_id, image)

    async def _make_one(self, run: Run, image: ImageId) -> Outcome:
        row = await self._TX_begin(run, image)
        if row["state"] == "ready":
            return Outcome(_result(image))
        if row["error_code"] is not None:
            raise _failed(row["error_code"], image)
        try:
            with TemporaryDirectory(prefix="central-picture-") as folder:
                picture, stored = await self._render(row, Path(folder))
        except (PictureRefusedError, FileRefusedError) as refused:
            return await self._TX_refuse(run, row, cast("ImageReason", str(refused)))
        await self._TX_ready(run, row, picture, stored)
        await self._TX_forget_sent(row)
        return Outcome(_result(image))

    async def _TX_begin(self, run: Run, image: ImageId) -> DBImage:
        """Give the picture as it is; `WorkFailedError` when it was deleted."""
        async with self.db.write(run.tenant_id) as tx:
            await self.runs.hold(run, tx)
            await tx.first(queries.SET_PROCESSING, of_tenant=run.tenant_id, of_id=image)
            row = await tx.first(queries.GET_IMAGE, tenant_id=run.tenant_id, id=image)
        if row is None:
            raise _deleted(image)
        return row

    async def _render(self, row: DBImage, folder: Path) -> tuple[Picture, StoredRenditions]:
        source, made = folder / "source", folder / "made"
        made.mkdir()
        await self.files.fetch(row, source)
        picture = await self.pictures.process(source, made, RECIPES[row["usage"]])
        return picture, await self.files.store_renditions(row, picture, made)

    async def _TX_ready(self, run: Run, row: DBImage, picture: Picture, stored: StoredRenditions) -> None:
        new: dict[str, Any] = {"new_digest": stored.digest, "new_renditions": list(stored.renditions)}
        new |= {"new_width": picture.width, "new_height": picture.height, "new_blurhash": picture.blurhash}
        async with self.db.write(run.tenant_id) as tx:
            await self.runs.hold(run, tx)
            ready = await tx.first(queries.SET_READY, of_tenant=run.tenant_id, of_id=row["id"], **new)
            if ready is not None:
                event = ImageReady(tenant_id=run.tenant_id, image_id=row["id"], version=ready["version"])
                await self.outbox.add(event, run.by, tx)
            # Another worker, which was taken for dead, may have made the same.
            found = await tx.first(queries.GET_IMAGE, tenant_id=run.tenant_id, id=row["id"])
        if found is None:
            raise _deleted(row["id"])

    async def _TX_refuse(self, run: Run, row: DBImage, reason: ImageReason) -> Outcome:
        """Let the picture have failed, unless another worker, which was taken for dead, has made it meanwhile."""
        async with self.db.write(run.tenant_id) as tx:
            await self.runs.hold(run, tx)
            await self._fail(row, reason, run.by, tx)
            now = await tx.first(queries.GET_IMAGE, tenant_id=run.tenant_id, id=row["id"])
        if now is not None and now["state"] == "ready":
            return Outcome(_result(row["id"]))
        raise _failed(reason, row["id"])

    async def _fail(self, row: DBImage, reason: ImageReason, by: By, tx: WriteExecutor) -> None:
        """Let a picture have failed that has not come to an end."""
        failed = await tx.first(queries.SET_FAILED, of_tenant=row["tenant_id"], of_id=row["id"], new_error_code=reason)
        if failed is not None:
            event = ImageFailed(
                tenant_id=row["tenant_id"], image_id=row["id"], reason=reason, version=failed["version"]
            )
            await self.outbox.add(event, by, tx)

    async def _TX_forget_sent(self, row: DBImage) -> None:
        """Delete what was sent, and note that it has gone."""
        await self.files.delete_sent(row["tenant_id"], row["id"])
        async with self.db.write(row["tenant_id"]) as tx:
            await tx.execute(queries.FORGET_STAGED, of_tenant=row["tenant_id"], of_id=row["id"])

    async def _TX_delete_strays(self, tenant: TenantId, image: ImageId) -> None:
        """Delete the files that this attempt may have written and that nothing leads to.

        The row is read after the last file was written, and from the database itself. So whoever ends or deletes the
        picture either finds these files, or is found here.
        """
        async with self.db.write(tenant) as tx:
            row = await tx.first(queries.GET_IMAGE, tenant_id=tenant, id=image)
        if row is None:
            await self.files.delete_all(tenant, image)
        elif row["state"] in {"ready", "failed"}:
            await self.files.delete_renditions(tenant, image, keep=row["digest"])


def _deleted(image: ImageId) -> WorkFailedError:
    return WorkFailedError("image_deleted", "The picture was deleted.", _result(image))


def _failed(reason: ImageReason, image: ImageId) -> WorkFailedError:
    return WorkFailedError(reason, MESSAGES[reason], _result(image))


def _result(image: ImageId) -> dict[str, Any]:
    return ImageProcessingResult(image_id=image).model_dump(mode="json", by_alias=False, exclude={"type_"})
