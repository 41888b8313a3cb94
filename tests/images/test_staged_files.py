"""What was sent and is not needed any more goes; what is needed stays."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from central.kernel.ids import ImageId
from central_client import AsyncCentral
from central_server.images.activities.delete_staged_files import DeleteStagedFilesActivity
from central_server.images.files import ImageFiles
from central_server.infra.upkeep.specs import DeleteEndedInput
from images.conftest import Objects
from support.database import superuser
from support.picturing import created, made, sent, unlike_others, uploaded, worked_on
from support.place import Place


async def age(place: Place, by: timedelta = timedelta(hours=2)) -> None:
    """Let all that the tenant was sent be older."""
    async with superuser(place.stack) as connection:
        change = "UPDATE images SET staged_until = staged_until - $2::interval WHERE tenant_id = $1"
        await connection.execute(change, place.tenant.id.uuid, by)


async def clean(place: Place) -> None:
    activity = await place.stack.central.container.get(DeleteStagedFilesActivity)
    await ActivityEnvironment().run(activity.delete, DeleteEndedInput())


async def rows(place: Place) -> dict[ImageId, str]:
    async with superuser(place.stack) as connection:
        found = await connection.fetch("SELECT id, state FROM images WHERE tenant_id = $1", place.tenant.id.uuid)
    return {ImageId.from_uuid(row["id"]): row["state"] for row in found}


async def left() -> AsyncIterator[bytes]:
    """Give what somebody left."""
    yield b"left"


async def test_unfinished_uploads_go(place: Place, member: AsyncCentral, objects: Objects) -> None:
    """An upload that was not completed in its time goes, with what was sent; one that still may be stays."""
    content = unlike_others()
    old, unsent = await created(member, content), await created(member, content)
    await sent(place.stack, old, content)
    await age(place)
    young = await created(member, content)
    await sent(place.stack, young, content)
    await clean(place)
    assert await rows(place) == {young.image: "uploading"}
    assert await objects.sent() == [f"images/{young.image}"]
    assert unsent.image not in await rows(place)


async def test_finished_pictures_stay(place: Place, member: AsyncCentral, objects: Objects) -> None:
    """A picture that waits to be made keeps its file, however long that takes, and one that is made its renditions."""
    ready, waiting = await made(place, member), await uploaded(place, member, unlike_others())
    shown = await objects.shown()
    await age(place)
    await clean(place)
    assert await rows(place) == {ready.id: "ready", waiting.id: "pending"}
    assert await objects.shown() == shown
    assert await objects.sent() == [f"images/{waiting.id}"]
    assert await worked_on(place, waiting) == "succeeded"


async def test_files_of_ended_pictures_go(
    place: Place, member: AsyncCentral, objects: Objects, files: ImageFiles
) -> None:
    """What a worker that died did not delete any more goes later; its picture stays."""
    ready = await made(place, member)
    await files.receive(place.tenant.id, ready.id, left())
    async with superuser(place.stack) as connection:
        await connection.execute("UPDATE images SET staged_until = now() WHERE id = $1", ready.id.uuid)
    await clean(place)
    assert await objects.sent() == []
    assert await rows(place) == {ready.id: "ready"}


async def test_files_that_no_row_leads_to(
    place: Place, member: AsyncCentral, objects: Objects, files: ImageFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came when its picture was made, or deleted, goes when it is two hours old; what is waited for stays."""
    ready, waiting = await made(place, member), await uploaded(place, member, unlike_others())
    announced = await created(member, b"x")
    await sent(place.stack, announced, b"x")
    for image in (ready.id, ImageId.new()):
        await files.receive(place.tenant.id, image, left())
    await clean(place)
    assert len(await objects.sent()) == 4
    monkeypatch.setattr("central_server.images.staged._STRAY_AGE", timedelta(0))
    await clean(place)
    assert sorted(await objects.sent()) == sorted(f"images/{image}" for image in (waiting.id, announced.image))
