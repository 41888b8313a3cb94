import asyncio

import pytest

from central.errors import ConflictError, NotFoundError, ValidationFailedError
from central_client import AsyncCentral
from support.importing import counted, work_on
from support.place import Place


async def test_a_chunk_may_come_again(place: Place) -> None:
    """The same chunk is kept once, be it sent twice or by several at once; other rows under its number are refused."""
    owner, rows = place.owner, [{"email": place.address()} for _ in range(3)]
    job = await owner.users.start_import()
    sent = [owner.users.add_import_rows(job=job.id, chunk=0, rows=rows) for _ in range(8)]
    assert {(await answer).progress.done for answer in asyncio.as_completed(sent)} == {3}
    with pytest.raises(ConflictError) as refusal:
        await owner.users.add_import_rows(job=job.id, chunk=0, rows=rows[:2])
    assert refusal.value.code == "chunk_differs"
    await owner.users.run_import(job=job.id)
    assert counted(await work_on(place, job)) == {"created": 3}


async def test_rows_are_bounded(place: Place) -> None:
    """A chunk has one row at least and a thousand at most, each an object."""
    job = await place.owner.users.start_import()
    for rows in ([], [{"email": "a@example.com"}] * 1001, ["a@example.com"], [{"email": "x" * 20_000}]):
        with pytest.raises(ValidationFailedError):
            await place.owner.users.add_import_rows(job=job.id, chunk=0, rows=rows)


async def test_only_whoever_started_it_hands_over_rows(place: Place, admin: AsyncCentral) -> None:
    """An import works with what its starter may do, so nobody else says on whom: not even an owner."""
    job = await admin.users.start_import()
    for client in (place.owner, await place.signed_in("admin")):
        with pytest.raises(NotFoundError):
            await client.users.add_import_rows(job=job.id, chunk=0, rows=[{"email": "a@example.com"}])
    assert (await admin.jobs.get(job=job.id)).progress.done == 0


async def test_a_queued_job_takes_no_more(place: Place) -> None:
    """Once it is to run, an import has the rows that it has."""
    job = await place.owner.users.start_import()
    await place.owner.users.add_import_rows(job=job.id, chunk=0, rows=[{"email": place.address()}])
    await place.owner.users.run_import(job=job.id)
    with pytest.raises(ConflictError) as refusal:
        await place.owner.users.add_import_rows(job=job.id, chunk=1, rows=[{"email": place.address()}])
    assert refusal.value.code == "job_not_receiving"
