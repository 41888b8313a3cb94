"""Handing over the rows of an import of units."""

import pytest

from central.errors import ConflictError, NotFoundError
from central_client import AsyncCentral
from support.place import Place


async def test_the_same_chunk_may_come_again(owner: AsyncCentral, place: Place) -> None:
    """A chunk counts once; another one of its number is refused, and so is one of somebody else's import."""
    job = await owner.units.start_import()
    for _ in range(2):
        received = await owner.units.add_import_rows(job=job.id, chunk=0, rows=[{"code": "a", "name": "A"}])
    assert received.progress.done == 1
    with pytest.raises(ConflictError) as refusal:
        await owner.units.add_import_rows(job=job.id, chunk=0, rows=[{"code": "b", "name": "B"}])
    assert refusal.value.code == "chunk_differs"
    admin = await place.signed_in("admin")
    with pytest.raises(NotFoundError):
        await admin.units.add_import_rows(job=job.id, chunk=1, rows=[{"code": "b", "name": "B"}])


async def test_of_another_kind_of_import(owner: AsyncCentral) -> None:
    """Rows of units are not for an import of users."""
    job = await owner.users.start_import()
    with pytest.raises(NotFoundError):
        await owner.units.add_import_rows(job=job.id, chunk=0, rows=[{"code": "b", "name": "B"}])
