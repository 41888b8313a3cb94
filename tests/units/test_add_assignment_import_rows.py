"""Handing over the rows of an import of who is in which unit."""

import pytest

from central.errors import ConflictError, NotFoundError
from central_client import AsyncCentral
from support.place import Place

ROWS = [{"unit": "a", "user": "b@c.example"}]


async def test_the_same_chunk_may_come_again(owner: AsyncCentral, place: Place) -> None:
    """A chunk counts once; another one of its number is refused, and so is one of somebody else's import."""
    job = await owner.units.start_assignment_import()
    for _ in range(2):
        received = await owner.units.add_assignment_import_rows(job=job.id, chunk=0, rows=ROWS)
    assert received.progress.done == 1
    with pytest.raises(ConflictError) as refusal:
        await owner.units.add_assignment_import_rows(job=job.id, chunk=0, rows=ROWS * 2)
    assert refusal.value.code == "chunk_differs"
    admin = await place.signed_in("admin")
    with pytest.raises(NotFoundError):
        await admin.units.add_assignment_import_rows(job=job.id, chunk=1, rows=ROWS)


async def test_of_another_kind_of_import(owner: AsyncCentral) -> None:
    """Rows of assignments are not for an import of units."""
    job = await owner.units.start_import()
    with pytest.raises(NotFoundError):
        await owner.units.add_assignment_import_rows(job=job.id, chunk=0, rows=ROWS)
