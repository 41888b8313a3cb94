"""Workers that were taken for dead and go on: whatever became of their picture meanwhile, nothing of theirs stays."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from central.images.models import Image
from central.kernel.ids import JobId
from central_client import AsyncCentral
from central_server.images.making import ImageMaker
from central_server.infra.object_store import Bucket, ObjectStore
from images.conftest import Objects
from images.test_delete_image import handle
from support.hostile_pictures import photo
from support.picturing import uploaded, work, worked_on
from support.place import Place

Meanwhile = Callable[[], Awaitable[object]]


class Late:
    """A worker that has written the first rendition, and goes on when something else has happened."""

    def __init__(self, place: Place, image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
        self._place = place
        self._image = image
        self._patch = monkeypatch
        self._stored, self._goes_on = asyncio.Event(), asyncio.Event()
        self.wrote: list[str] = []

    async def works(self, meanwhile: Meanwhile, *, cut_off: bool = False, other_bytes: bool = False) -> None:
        """Write the first rendition; then let that happen, and go on, or be cut off."""
        task = asyncio.create_task(self._work(other_bytes=other_bytes))
        async with asyncio.timeout(20):
            await self._stored.wait()
        self._patch.undo()
        await meanwhile()
        if cut_off:
            task.cancel()
        self._goes_on.set()
        await asyncio.gather(task, return_exceptions=True)
        assert self.wrote

    async def _work(self, *, other_bytes: bool) -> str | None:
        real = ObjectStore.put

        async def put(store: ObjectStore, bucket: Bucket, tenant, key: str, content: AsyncIterator[bytes]):
            stored = await real(store, bucket, tenant, key, content)
            self.wrote.append(key)
            if not self._stored.is_set():
                self._stored.set()
                await self._goes_on.wait()
            return stored

        maker = await self._place.stack.central.container.get(ImageMaker)
        self._patch.setattr(ObjectStore, "put", put)
        if other_bytes:
            # As another version of an encoder would give: another digest.
            self._patch.setattr("central_server.images.files._DIGEST_LENGTH", 31)
        return await maker.run(self._place.tenant.id, JobId(self._image.job_id or ""))


@pytest.fixture
async def image(place: Place, member: AsyncCentral) -> Image:
    """A picture that is to be made."""
    return await uploaded(place, member, photo(100, 80))


@pytest.fixture
def late(place: Place, image: Image, monkeypatch: pytest.MonkeyPatch) -> Late:
    """A worker that is late with it."""
    return Late(place, image, monkeypatch)


@pytest.mark.parametrize("end", ["goes on", "is cut off"])
async def test_of_a_picture_that_was_deleted(
    end: str, place: Place, member: AsyncCentral, image: Image, late: Late, objects: Objects
) -> None:
    """Another worker has made the picture, and it was deleted with its files; what comes after that goes, too."""

    async def meanwhile() -> None:
        assert await worked_on(place, image) == "succeeded"
        await member.images.delete(image=image.id)
        await handle(place, image.id)
        assert await objects.shown() == []

    await late.works(meanwhile, cut_off=end == "is cut off")
    assert (await objects.sent(), await objects.shown()) == ([], [])


@pytest.mark.parametrize("end", ["goes on", "is cut off"])
async def test_of_a_picture_that_is_made(
    end: str, place: Place, member: AsyncCentral, image: Image, late: Late, objects: Objects
) -> None:
    """Another worker has made the picture, with other bytes: those of the late one go, and its links lead on."""
    await late.works(lambda: worked_on(place, image), cut_off=end == "is cut off", other_bytes=True)
    ready = await member.images.get(image=image.id)
    assert ready.state == "ready"
    assert len(await objects.shown()) == len(ready.renditions)
    assert not set(late.wrote) & set(await objects.shown())
    async with place.stack.http() as http:
        assert {(await http.get(one.url)).status_code for one in ready.renditions} == {200}


async def test_of_a_picture_that_was_given_up(place: Place, image: Image, late: Late, objects: Objects) -> None:
    """The picture has failed meanwhile: it has no renditions."""

    async def meanwhile() -> None:
        maker = await place.stack.central.container.get(ImageMaker)
        await maker.runs.TX_give_up(place.tenant.id, JobId(image.job_id or ""))
        await maker.TX_settle(place.tenant.id, JobId(image.job_id or ""))
        assert await objects.shown() == []

    await late.works(meanwhile)
    assert (await objects.sent(), await objects.shown()) == ([], [])


async def test_of_a_picture_that_is_still_made(
    place: Place, member: AsyncCentral, image: Image, late: Late, objects: Objects
) -> None:
    """Nothing is taken from a picture that somebody may yet be at; who makes it leaves its own files alone."""

    async def meanwhile() -> None:
        assert len(await objects.shown()) == 1

    await late.works(meanwhile, cut_off=True, other_bytes=True)
    left = await objects.shown()
    assert left == late.wrote
    assert await work(place.stack, place.tenant.id, JobId(image.job_id or "")) == "succeeded"
    ready = await member.images.get(image=image.id)
    assert len(await objects.shown()) == len(ready.renditions)
    assert not set(left) & set(await objects.shown())
