"""Pictures by real workers, from the upload to the links."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from support.hostile_pictures import REFUSED, photo
from support.picturing import unlike_others, uploaded
from support.place import Stack, make_place
from support.workers import durable_stack, start_worker


@pytest.fixture(scope="module")
async def working(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """An API, with a worker for each queue."""
    folder = tmp_path_factory.mktemp("workers")
    async with durable_stack(folder) as (stack, _):
        workers = [await start_worker(stack, folder, queue) for queue in ("core", "media")]
        yield stack
        for worker in workers:
            worker.process.terminate()
        await asyncio.gather(*(worker.process.wait() for worker in workers))


async def test_hostile_files_keep_no_other_from_its_turn(working: Stack) -> None:
    """Files that are no pictures fail, each with its reason, and pictures among them are made meanwhile."""
    place = await make_place(working)
    hostile = ["a PNG of 50,000 x 50,000", "an SVG with a script", "half an AVIF", "a PNG with 20 MB of text"]
    bad = [await uploaded(place, place.owner, REFUSED[what][0]()) for what in hostile]
    good = [await uploaded(place, place.owner, content) for content in (unlike_others(), photo(900, 600, "WEBP"))]
    jobs = [place.owner.jobs.wait(job=one.job_id or "", timeout=40) for one in (*bad, *good)]
    await asyncio.gather(*jobs, return_exceptions=True)
    ended = {one.id: one async for one in place.owner.images.list()}
    assert [ended[one.id].state for one in good] == ["ready", "ready"]
    errors = [ended[one.id].error for one in bad]
    assert [error and error.code for error in errors] == [REFUSED[what][1] for what in hostile]
