"""The files that jobs give: written by workers, downloaded for a while, and deleted."""

import secrets
from collections.abc import AsyncIterable, AsyncIterator
from typing import Final, NamedTuple

from central.errors import NotFoundError
from central.jobs.models import GetJobInput
from central.kernel.ids import JobId
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.object_store import Bucket, ObjectStore
from central_server.jobs import queries
from central_server.jobs.policy import check_may_download
from central_server.jobs.runs import JobRuns, NewFile, Run

_BUCKET: Final = Bucket.CORE


class OpenFile(NamedTuple):
    """A file that is being read."""

    name: str
    content_type: str
    size: int
    content: AsyncIterator[bytes]


class JobFiles:
    """Files of jobs.

    Each attempt writes an object of its own in the job's folder, and the end of the job says which one is its file. So
    no attempt that was taken for dead and is not spoils what another has finished. The folder goes when the file
    expires, or with a job that ended without one.
    """

    def __init__(self, db: Database, runs: JobRuns, store: ObjectStore) -> None:
        self.db = db
        self.runs = runs
        self.store = store

    async def TX_write(self, run: Run, name: str, content_type: str, content: AsyncIterable[bytes]) -> NewFile:
        """Store what comes; the outcome that the job ends with hands it over. `UnavailableError` for no storage."""
        await self.runs.TX_reserve_file(run)
        place = secrets.token_hex(8)
        stored = await self.store.put(_BUCKET, run.tenant_id, f"{_folder(run.id)}/{place}", content)
        return NewFile(place, name, content_type, stored.size, stored.sha256)

    async def open(
        self, input: GetJobInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> OpenFile:
        """Open the file of a job for who may see the job and what is in it; `NotFoundError` when there is none."""
        reader = executor or self.db.read(actor.tenant_id)
        found = await reader.first(queries.GET_JOB, tenant_id=actor.tenant_id, id=input.job)
        row = check_may_download(found, actor)
        content = await self.store.get(_BUCKET, actor.tenant_id, f"{_folder(input.job)}/{row['file_object']}")
        if content is None:
            raise NotFoundError.of("job file")
        return OpenFile(str(row["file_name"]), str(row["file_content_type"]), int(row["file_size"] or 0), content)

    async def TX_delete_expired(self, count: int) -> int:
        """Delete the folders of up to so many jobs, of all tenants, whose time is over; gives how many."""
        async with self.db.platform_read("files of jobs go", routine=True) as reader:
            expired = await reader.all(queries.LIST_EXPIRED_FILES, count=count)
        for job in expired:
            # First the objects: should it end here, the row leads to what is left of them.
            await self.store.delete_folder(_BUCKET, job["tenant_id"], _folder(job["id"]))
            async with self.db.write(job["tenant_id"]) as tx:
                await tx.execute(queries.FORGET_FILE, of_tenant=job["tenant_id"], of_id=job["id"])
        return len(expired)


def _folder(job: JobId) -> str:
    return f"jobs/{job}"
