"""Imports of users without Temporal: what a worker would do is done at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from central.jobs.models import Job, RowError
from central_client import AsyncCentral
from central_server.user_imports.importing import UserImporter
from support.place import Place


async def queued(place: Place, rows: Sequence[Mapping[str, Any]], by: AsyncCentral | None = None, **how: Any) -> Job:
    """Start an import with its rows, in chunks of the size given, and queue it."""
    client, size = by or place.owner, how.pop("size", 1000)
    job = await client.users.start_import(**how)
    for number in range(0, len(rows), size):
        chunk = [dict(row) for row in rows[number : number + size]]
        await client.users.add_import_rows(job=job.id, chunk=number // size, rows=chunk)
    return await client.users.run_import(job=job.id)


async def work_on(place: Place, job: Job) -> Job:
    """Do what a worker does with a job, and give how it is then."""
    importer = await place.stack.central.container.get(UserImporter)
    await importer.run(place.tenant.id, job.id)
    return await place.owner.jobs.get(job=job.id)


async def imported(place: Place, rows: Sequence[Mapping[str, Any]], **how: Any) -> Job:
    """Import rows, and give how the job ended."""
    return await work_on(place, await queued(place, rows, **how))


def counted(job: Job) -> dict[str, int]:
    """Give what an import did, but for what it did not."""
    assert job.result is not None
    names = ("created", "updated", "unchanged", "disabled", "failed")
    return {name: count for name in names if (count := getattr(job.result, name))}


async def errors_of(place: Place, job: Job) -> list[tuple[int, str, str]]:
    """Give what was wrong with the rows of a job: the row, the field and the code."""
    errors: list[RowError] = [error async for error in place.owner.jobs.list_row_errors(job=job.id)]
    return [(error.row, error.field, error.code) for error in errors]
