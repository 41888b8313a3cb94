"""`images.complete_upload`."""

import asyncio
import hashlib

import pytest

from central.errors import ConflictError, GoneError, NotFoundError
from central.kernel.ids import JobId
from central_client import AsyncCentral
from central_server.images.files import ImageFiles
from central_server.images.making import ImageMaker
from images.conftest import Objects
from support.database import superuser
from support.hostile_pictures import REFUSED, photo
from support.picturing import created, job_of, made, sent, unlike_others, uploaded, work, worked_on
from support.place import Place


async def test_renditions_are_made(place: Place, member: AsyncCentral, objects: Objects) -> None:
    """A picture is made in all sizes and formats, with links; what was sent is deleted."""
    image = await uploaded(place, member, photo(700, 500))
    assert (image.state, image.renditions, image.blurhash) == ("pending", [], None)
    assert await worked_on(place, image) == "succeeded"
    ready = await member.images.get(image=image.id)
    assert (ready.state, ready.width, ready.height) == ("ready", 700, 500)
    assert ready.blurhash is not None
    assert {(one.width, one.height) for one in ready.renditions} == {(side, side) for side in (64, 128, 256, 500)}
    assert {one.content_type for one in ready.renditions} == {"image/avif", "image/webp", "image/jpeg"}
    assert await objects.sent() == []
    assert len(await objects.shown()) == 12
    job = await job_of(member, image)
    assert (job.kind, job.state) == ("image_processing", "succeeded")


@pytest.mark.parametrize(
    ("usage", "sizes"), [("logo", {(512, 384), (256, 192), (128, 96)}), ("content", {(600, 450), (320, 240)})]
)
async def test_sizes_by_usage(usage: str, sizes: set[tuple[int, int]], place: Place, owner: AsyncCentral) -> None:
    """Logos fit into squares, content comes in widths."""
    ready = await made(place, owner, photo(600, 450), usage)
    assert {(one.width, one.height) for one in ready.renditions} == sizes


async def test_events(place: Place, member: AsyncCentral) -> None:
    """That it was handed over, and that it is ready, are events of whoever did it."""
    image = await made(place, member)
    assert await _kinds(place, image.id, image.job_id) == ["image.processing_requested", "image.ready"]


async def _kinds(place: Place, *targets: str | None) -> list[str]:
    async with superuser(place.stack) as connection:
        query = "SELECT kind FROM outbox WHERE tenant_id = $1 AND target = ANY($2) ORDER BY created_at"
        found = await connection.fetch(query, place.tenant.id.uuid, targets)
    return [row["kind"] for row in found if row["kind"].startswith("image")]


async def test_completing_again(place: Place, member: AsyncCentral) -> None:
    """Completing it again, also at the same moment, is the same picture and the same job."""
    content = unlike_others()
    upload = await created(member, content)
    await sent(place.stack, upload, content)
    images = await asyncio.gather(*(member.images.complete_upload(image=upload.image) for _ in range(8)))
    assert len({one.job_id for one in images}) == 1
    assert len([job async for job in member.jobs.list(kind="image_processing")]) == 1
    await worked_on(place, images[0])
    assert (await member.images.complete_upload(image=upload.image)).state == "ready"


async def test_a_file_must_have_come(place: Place, member: AsyncCentral) -> None:
    """Nothing is made of a file that has not come, or came in part."""
    upload = await created(member, b"x" * 100)
    with pytest.raises(ConflictError) as raised:
        await member.images.complete_upload(image=upload.image)
    assert raised.value.code == "upload_incomplete"
    await sent(place.stack, upload, b"x" * 99)
    with pytest.raises(ConflictError) as raised:
        await member.images.complete_upload(image=upload.image)
    assert raised.value.code == "size_differs"


async def test_a_file_must_come_in_time(place: Place, member: AsyncCentral) -> None:
    """After its hour an upload cannot be completed."""
    content = unlike_others()
    upload = await created(member, content)
    await sent(place.stack, upload, content)
    async with superuser(place.stack) as connection:
        await connection.execute("UPDATE images SET staged_until = now() WHERE id = $1", upload.image.uuid)
    with pytest.raises(GoneError):
        await member.images.complete_upload(image=upload.image)


async def test_uploads_are_their_creators(place: Place, owner: AsyncCentral, member: AsyncCentral) -> None:
    """Nobody completes the upload of another, whatever they may do."""
    content = unlike_others()
    upload = await created(member, content)
    await sent(place.stack, upload, content)
    with pytest.raises(NotFoundError):
        await owner.images.complete_upload(image=upload.image)


async def test_a_wrong_hash(place: Place, member: AsyncCentral, objects: Objects) -> None:
    """A file that is another one than was said is no picture."""
    content = unlike_others()
    upload = await created(member, content, sha256=hashlib.sha256(b"another").hexdigest())
    await sent(place.stack, upload, content)
    image = await member.images.complete_upload(image=upload.image)
    assert await worked_on(place, image) == "failed"
    failed = await member.images.get(image=image.id)
    assert failed.error is not None
    assert failed.error.code == "checksum_differs"
    assert await objects.sent() == []


@pytest.mark.parametrize("what", ["a PNG of 50,000 x 50,000", "an SVG with a script", "half a JPEG", "10,000 frames"])
async def test_hostile_files_say_why(what: str, place: Place, member: AsyncCentral, objects: Objects) -> None:
    """A file that is no picture fails with its reason, in the picture and in its job, and nothing of it is kept."""
    content, reason = REFUSED[what]
    image = await uploaded(place, member, content())
    assert await worked_on(place, image) == "failed"
    failed = await member.images.get(image=image.id)
    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error.code == reason
    job = await job_of(member, image)
    assert job.error is not None
    assert job.error.code == reason
    assert (await objects.sent(), await objects.shown()) == ([], [])
    assert await _kinds(place, image.id) == ["image.failed"]


async def test_a_retry_leaves_no_duplicate(
    place: Place, member: AsyncCentral, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that died before it could say so is done again, into the same objects."""
    image = await uploaded(place, member, photo(200, 200))
    assert image.job_id is not None
    with monkeypatch.context() as patch:
        patch.setattr("central_server.images.making.ImageMaker._TX_ready", _die)
        with pytest.raises(RuntimeError):
            await work(place.stack, place.tenant.id, image.job_id)
    left = await objects.shown()
    assert left
    assert await worked_on(place, image) == "succeeded"
    assert await objects.shown() == left
    assert (await member.images.get(image=image.id)).state == "ready"


async def _die(*_: object) -> None:
    raise RuntimeError


async def test_two_workers_have_it(place: Place, member: AsyncCentral, objects: Objects) -> None:
    """Two workers with the same picture, because one was taken for dead, make one picture."""
    image = await uploaded(place, member, photo(200, 200))
    await asyncio.gather(worked_on(place, image), worked_on(place, image))
    assert (await member.images.get(image=image.id)).state == "ready"
    assert len(await objects.shown()) == 9
    assert await _kinds(place, image.id) == ["image.ready"]


@pytest.mark.parametrize("step", ["fetch", "store_renditions"])
async def test_another_worker_was_faster(
    step: str, place: Place, member: AsyncCentral, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that comes late, because another one has made the picture meanwhile, takes nothing back."""
    image = await uploaded(place, member, photo(200, 200))
    assert image.job_id is not None
    real = getattr(ImageFiles, step)

    async def late(self, *given):
        monkeypatch.undo()
        maker = await place.stack.central.container.get(ImageMaker)
        run = await maker.runs.TX_begin(place.tenant.id, JobId(image.job_id), "processing")
        await maker._make(run)
        return await real(self, *given)

    monkeypatch.setattr(ImageFiles, step, late)
    assert await worked_on(place, image) == "succeeded"
    assert (await member.images.get(image=image.id)).state == "ready"
    assert len(await objects.shown()) == 9


async def test_a_job_that_is_cancelled(place: Place, member: AsyncCentral, objects: Objects) -> None:
    """Cancelling the job lets the picture fail, and its file go."""
    image = await uploaded(place, member, unlike_others())
    await member.jobs.cancel(job=image.job_id or "")
    assert await worked_on(place, image) is None
    failed = await member.images.get(image=image.id)
    assert failed.error is not None
    assert failed.error.code == "cancelled"
    assert (await objects.sent(), await objects.shown()) == ([], [])
