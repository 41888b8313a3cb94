"""How workers work on jobs: batch by batch, each with its place in the database, so that none happens twice."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from central.errors import FieldError
from central.jobs.events import JobEnded, JobStarted
from central.jobs.models import JobState
from central.kernel.ids import JobId, TenantId, UserId
from central_server.infra.actor import By
from central_server.infra.config import Settings
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.logs import component_logger
from central_server.infra.outbox import Outbox
from central_server.jobs import queries
from central_server.jobs.chunks import delete_chunks
from central_server.jobs.specs import JOB_RUNNER, run_event_of
from central_server.jobs.tables import DBJob


class JobStoppedError(Exception):
    """The job is to stop, has ended, or another worker has gone on with it."""


class Place(NamedTuple):
    """Where a job is: the stage, how far in it, and what it did so far."""

    stage: str
    position: int = 0
    done: int = 0
    total: int | None = None
    message: str | None = None
    result: Mapping[str, Any] | None = None


class NewFile(NamedTuple):
    """The file that a job gives: which object of its folder it is, what to call it, and what is in it."""

    object: str
    name: str
    content_type: str
    size: int
    sha256: str


class Outcome(NamedTuple):
    """How a job ends; an error makes it fail, and without one it may give a file."""

    result: Mapping[str, Any] | None
    error_code: str | None = None
    error_message: str | None = None
    file: NewFile | None = None


class Run(NamedTuple):
    """A job in the hands of a worker."""

    tenant_id: TenantId
    id: JobId
    options: Mapping[str, Any]
    by: By
    created_at: datetime
    place: Place

    @property
    def starter(self) -> UserId | None:
        """As whom it works; None when that user is gone."""
        return self.by.user


class RowErrors(NamedTuple):
    """What is wrong with a row, which is counted from 1."""

    row: int
    errors: Sequence[FieldError]


class JobRuns:
    """Jobs as workers have them.

    A batch is one transaction: `hold` at its beginning, `advance` at its end. Two workers that have the same job,
    because one of them was taken for dead, cannot both do a batch: the second finds that the place has moved.
    """

    def __init__(self, db: Database, outbox: Outbox, settings: Settings) -> None:
        self.db = db
        self.outbox = outbox
        self.files_kept = int(settings.job_files_kept.total_seconds())
        self.log = component_logger(self)

    async def TX_begin(self, tenant: TenantId, job: JobId, stage: str) -> Run | None:
        """Begin a job, or go on where it was; None for one that is over, or is so now because it was to stop."""
        async with self.db.write(tenant) as tx:
            row = await tx.first(queries.LOCK_JOB, tenant_id=tenant, id=job)
            if row is not None and row["state"] == "cancelling":
                await self._end(row, "cancelled", Outcome(row["result"]), tx)
                return None
            if row is not None and row["state"] == "queued":
                begun = await tx.first(queries.BEGIN_JOB, of_tenant=tenant, of_id=job, new_stage=stage)
                assert begun is not None, "it is locked"
                started = JobStarted(tenant_id=tenant, job_id=job, version=begun["version"])
                await self.outbox.add(started, _by(row), tx)
                row = begun
            if row is None or row["state"] != "running":
                await self.outbox.settle(run_event_of(job), JOB_RUNNER, tx)
                return None
        return _run_of(row)

    async def hold(self, run: Run, executor: WriteExecutor) -> DBJob:
        """Have the job to oneself until the transaction ends; `JobStoppedError` when it is not to go on from here."""
        row = await executor.first(queries.LOCK_JOB, tenant_id=run.tenant_id, id=run.id)
        here = (run.place.stage, run.place.position)
        if row is None or row["state"] != "running" or (row["stage"], row["position"]) != here:
            raise JobStoppedError
        return row

    async def advance(self, run: Run, place: Place, executor: WriteExecutor) -> Run:
        """Write down how far the job has come, with what was done until there."""
        new = {f"new_{name}": value for name, value in place._asdict().items()}
        await executor.first(queries.ADVANCE_JOB, of_tenant=run.tenant_id, of_id=run.id, **new)
        return run._replace(place=place)

    async def TX_advance(self, run: Run, place: Place, errors: Sequence[RowErrors] = ()) -> Run:
        """As `advance` for work that changes nothing else but row errors."""
        async with self.db.write(run.tenant_id) as tx:
            await self.hold(run, tx)
            await self.add_row_errors(run, errors, tx)
            return await self.advance(run, place, tx)

    async def add_row_errors(self, run: Run, errors: Sequence[RowErrors], executor: WriteExecutor) -> None:
        """Keep what is wrong with rows; what is kept already stays."""
        found = [
            {"row_number": row, "place": place, **error.model_dump(by_alias=False)}
            for row, errors_of_row in errors
            for place, error in enumerate(errors_of_row, start=1)
        ]
        if found:
            await executor.execute(queries.ADD_ROW_ERRORS, tenant_id=run.tenant_id, job_id=run.id, errors=found)

    async def TX_forget_row_errors(self, run: Run) -> None:
        """Forget what an attempt that did not come to an end found."""
        async with self.db.write(run.tenant_id) as tx:
            await self.hold(run, tx)
            await tx.execute(queries.DELETE_ROW_ERRORS, tenant_id=run.tenant_id, job_id=run.id)

    async def get_rows(
        self, run: Run, chunk: int, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Sequence[dict[str, Any]] | None:
        """Give a chunk of the job's rows, or None after the last."""
        reader = executor or self.db.read(run.tenant_id)
        found = await reader.first(queries.GET_CHUNK, tenant_id=run.tenant_id, job_id=run.id, number=chunk)
        return None if found is None else found["rows"]

    async def result_of(
        self, run: Run, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Mapping[str, Any] | None:
        """Give what the job has done so far."""
        row = await (executor or self.db.read(run.tenant_id)).first(queries.GET_JOB, tenant_id=run.tenant_id, id=run.id)
        return None if row is None else row["result"]

    async def state_of(
        self, tenant: TenantId, job: JobId, executor: ReadExecutor | WriteExecutor | None = None
    ) -> JobState | None:
        """Give the state that a job is in."""
        row = await (executor or self.db.read(tenant)).first(queries.GET_JOB, tenant_id=tenant, id=job)
        return None if row is None else row["state"]

    async def count_rows(self, run: Run, executor: ReadExecutor | WriteExecutor | None = None) -> int:
        """Count the rows that the job was given."""
        reader = executor or self.db.read(run.tenant_id)
        count = await reader.first(queries.COUNT_CHUNKS, tenant_id=run.tenant_id, job_id=run.id)
        return 0 if count is None else count["row_count"]

    async def count_rows_before(
        self, run: Run, chunk: int, executor: ReadExecutor | WriteExecutor | None = None
    ) -> int:
        """Count the rows of all chunks before one."""
        reader = executor or self.db.read(run.tenant_id)
        count = await reader.scalar(queries.COUNT_ROWS_BEFORE, tenant_id=run.tenant_id, job_id=run.id, number=chunk)
        return int(count)

    async def rows_with_errors(
        self, run: Run, first: int, last: int, executor: ReadExecutor | WriteExecutor | None = None
    ) -> frozenset[int]:
        """Give which of these rows have an error."""
        reader = executor or self.db.read(run.tenant_id)
        rows = await reader.all(
            queries.LIST_ROWS_WITH_ERRORS, tenant_id=run.tenant_id, job_id=run.id, first=first, last=last
        )
        return frozenset(row["row_number"] for row in rows)

    async def TX_reserve_file(self, run: Run) -> None:
        """Note that there may be objects in the job's folder, which go when it is over."""
        async with self.db.write(run.tenant_id) as tx:
            await self.hold(run, tx)
            kept = {"kept_seconds": self.files_kept}
            await tx.execute(queries.RESERVE_FILE, of_tenant=run.tenant_id, of_id=run.id, **kept)

    async def TX_end(self, run: Run, outcome: Outcome) -> str:
        """End the job; what it was given is deleted. Gives the state, `cancelled` where that was asked meanwhile."""
        async with self.db.write(run.tenant_id) as tx:
            row = await tx.first(queries.LOCK_JOB, tenant_id=run.tenant_id, id=run.id)
            if row is None or row["state"] not in {"running", "cancelling"}:
                raise JobStoppedError
            done: JobState = "failed" if outcome.error_code else "succeeded"
            return await self._end(row, "cancelled" if row["state"] == "cancelling" else done, outcome, tx)

    async def succeed(self, run: Run, place: Place, executor: WriteExecutor) -> JobState:
        """End the job in the transaction that does all of its work; `JobStoppedError` as `hold` says.

        So it is either done and has succeeded, or can still be cancelled.
        """
        row = await self.hold(run, executor)
        await self.advance(run, place, executor)
        return await self._end(row, "succeeded", Outcome(place.result), executor)

    async def TX_give_up(self, tenant: TenantId, job: JobId) -> str | None:
        """End a job that its workflow does not go on with: cancelled where that was asked, else failed."""
        async with self.db.write(tenant) as tx:
            row = await tx.first(queries.LOCK_JOB, tenant_id=tenant, id=job)
            if row is None or row["ended_at"] is not None:
                await self.outbox.settle(run_event_of(job), JOB_RUNNER, tx)
                return None if row is None else row["state"]
            if row["state"] == "cancelling":
                return await self._end(row, "cancelled", Outcome(row["result"]), tx)
            reason = "It could not be finished; the server's logs say why."
            return await self._end(row, "failed", Outcome(row["result"], "gave_up", reason), tx)

    async def _end(self, row: DBJob, state: JobState, outcome: Outcome, tx: WriteExecutor) -> JobState:
        tenant, job = row["tenant_id"], row["id"]
        result, code, message, file = outcome
        new = {"new_result": result, "new_error_code": code, "new_error_message": message}
        after = await tx.first(queries.END_JOB, of_tenant=tenant, of_id=job, new_state=state, **new)
        assert after is not None, "it is locked"
        if file is not None and state == "succeeded":
            given = {f"new_file_{name}": value for name, value in file._asdict().items()}
            kept = {"kept_seconds": self.files_kept}
            await tx.first(queries.SET_FILE, of_tenant=tenant, of_id=job, **given, **kept)
        await delete_chunks(tenant, job, tx)
        ended = JobEnded(
            tenant_id=tenant,
            job_id=job,
            version=after["version"],
            succeeded=state == "succeeded",
            cancelled=state == "cancelled",
        )
        await self.outbox.add(ended, _by(row), tx)
        # The receipt comes with the end: should Temporal lose its data before, the relay starts the workflow again.
        await self.outbox.settle(run_event_of(job), JOB_RUNNER, tx)
        self.log.info("job ended", job=job, kind=row["kind"], state=state, error=outcome.error_code)
        return state


def _by(row: DBJob) -> By:
    return By(row["started_by"], None, row["request_id"])


def _run_of(row: DBJob) -> Run:
    place = Place(row["stage"], row["position"], row["done"], row["total"], row["message"], row["result"])
    return Run(row["tenant_id"], row["id"], row["options"], _by(row), row["created_at"], place)
