from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from central.errors import ConflictError, NotFoundError
from central.jobs.events import JobCancelRequested, JobEnded, JobRequested
from central.jobs.models import (
    CancelJobInput,
    GetJobInput,
    Job,
    JobKind,
    ListJobsInput,
    ListJobsResponse,
    ListRowErrorsInput,
    ListRowErrorsResponse,
)
from central.kernel.events import Event
from central.kernel.ids import EventId, JobId, TenantId
from central.kernel.model import Output, TenantInput
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor
from central_server.jobs import queries
from central_server.jobs.chunks import delete_chunks
from central_server.jobs.mapping import job_from, row_error_from
from central_server.jobs.policy import (
    ENDED,
    check_complete,
    check_may_cancel,
    check_may_see,
    check_own,
    check_receiving,
    error_position,
    may_see_all,
)
from central_server.jobs.queries import JobFilters
from central_server.jobs.specs import run_event_of
from central_server.jobs.tables import DBJob

T = TypeVar("T")


class JobService:
    """The jobs of tenants, as those see them who start, watch and cancel them; `JobRuns` is how workers do.

    Whoever started a job sees and cancels it, others by permission. A job of another tenant, and one that the caller
    may not see, is as absent as one that never was.
    """

    def __init__(self, db: Database, outbox: Outbox) -> None:
        self.db = db
        self.outbox = outbox

    async def get_job_by_id(
        self, tenant: TenantId, job: JobId, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Job | None:
        """Find a job, whoever asks."""
        row = await (executor or self.db.read(tenant)).first(queries.GET_JOB, tenant_id=tenant, id=job)
        return None if row is None else job_from(row)

    async def with_job_by_id(
        self,
        tenant: TenantId,
        job: JobId,
        use: Callable[[Job], Awaitable[T]],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> T:
        """Find a job and use it; `NotFoundError` when there is none."""
        return await use(found(await self.get_job_by_id(tenant, job, executor)))

    async def get(self, input: GetJobInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None) -> Job:
        """Give a job that the actor may see."""
        reader = executor or self.db.read(actor.tenant_id)
        row = await reader.first(queries.GET_JOB, tenant_id=actor.tenant_id, id=input.job)
        return job_from(check_may_see(row, actor))

    async def list(
        self, input: ListJobsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListJobsResponse:
        """Give a page of the jobs that the actor may see, newest first."""
        asked, position = open_cursor(input)
        given = {"kind": asked.kind, "state": asked.state, "started_by": None if may_see_all(actor) else actor.user_id}
        which: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        query = queries.list_jobs(JobFilters(**dict.fromkeys(which, True)), goes_on=position is not None)
        if position is not None:
            which |= {"after_key": position.time, "after_id": position.id}
        reader = executor or self.db.read(actor.tenant_id)
        rows = await reader.all(query, tenant_id=actor.tenant_id, count=asked.limit + 1, **which)
        shown = rows[: asked.limit]
        cursor = next_cursor(asked, shown[-1]["created_at"], shown[-1]["id"]) if len(rows) > asked.limit else None
        return ListJobsResponse(jobs=[job_from(row) for row in shown], next_cursor=cursor)

    async def list_row_errors(
        self, input: ListRowErrorsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListRowErrorsResponse:
        """Give a page of what was wrong with a job's rows, by row."""
        asked, position = open_cursor(input)
        reader = executor or self.db.read(actor.tenant_id)
        await self.get(GetJobInput(job=asked.job), actor, reader)
        row, place = error_position(position)
        which = {"tenant_id": actor.tenant_id, "job_id": asked.job, "after_row": row, "after_place": place}
        rows = await reader.all(queries.LIST_ROW_ERRORS, **which, count=asked.limit + 1)
        shown, cursor = rows[: asked.limit], None
        if len(rows) > asked.limit:
            cursor = next_cursor(asked, f"{shown[-1]['row_number']}.{shown[-1]['place']}", asked.job)
        return ListRowErrorsResponse(row_errors=[row_error_from(row) for row in shown], next_cursor=cursor)

    async def TX_cancel_job(self, input: CancelJobInput, actor: Actor) -> Job:
        """Cancel a job, at once if no worker has it; `ConflictError` for one that has come to its end."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            row = check_may_cancel(await self._lock(input.job, actor, tx), actor)
            if row["state"] in {"cancelling", "cancelled"}:
                return job_from(row)
            if row["state"] in ENDED:
                raise ConflictError(f"This job has {row['state']} already.", code="job_ended")
            if row["state"] == "running":
                return await self._ask_to_stop(row, actor, tx)
            return await self._drop(row, actor, tx)

    async def create_job(
        self, kind: JobKind, options: dict[str, Any], result: dict[str, Any], actor: Actor, executor: WriteExecutor
    ) -> Job:
        """Make a job that waits for its rows; `result` is what it gives when it has done nothing."""
        row = await executor.first(
            queries.INSERT_JOB,
            tenant_id=actor.tenant_id,
            id=JobId.new(),
            kind=kind,
            state="receiving",
            options=options,
            started_by=actor.user_id,
            request_id=actor.request_id,
            stage="receiving",
            result=result,
        )
        return job_from(found(row))

    async def start_job(
        self,
        kind: JobKind,
        options: dict[str, Any],
        result: dict[str, Any],
        event: Callable[[JobId, EventId], Event],
        actor: Actor,
        executor: WriteExecutor,
    ) -> Job:
        """Make a job that needs no rows and waits for a worker; `event`, of its own number, starts its workflow."""
        job = JobId.new()
        row = await executor.first(
            queries.INSERT_JOB,
            tenant_id=actor.tenant_id,
            id=job,
            kind=kind,
            state="queued",
            options=options,
            started_by=actor.user_id,
            request_id=actor.request_id,
            stage="queued",
            result=result,
        )
        await self.outbox.add(event(job, run_event_of(job)), actor.by, executor)
        return job_from(found(row))

    async def start_export(
        self,
        kind: JobKind,
        asked: TenantInput,
        nothing: Output,
        requested: type[JobRequested],
        actor: Actor,
        executor: WriteExecutor,
    ) -> Job:
        """As `start_job` for what writes a file; `nothing` is its result when it has written nothing."""
        options = asked.model_dump(mode="json", by_alias=False, exclude={"tenant"})
        result = nothing.model_dump(mode="json", by_alias=False, exclude={"type_"})

        def event(job: JobId, id: EventId) -> Event:
            return requested.model_validate({"id": id, "tenant_id": actor.tenant_id, "job_id": job, "version": 1})

        return await self.start_job(kind, options, result, event, actor, executor)

    async def add_rows(
        self,
        job: JobId,
        kind: JobKind,
        chunk: int,
        rows: Sequence[dict[str, Any]],
        actor: Actor,
        executor: WriteExecutor,
    ) -> Job:
        """Keep a chunk of a job's rows; `ConflictError` for another one of that number, and once it is to run."""
        row = check_own(await self._lock(job, actor, executor), actor, kind)
        check_receiving(row)
        of_job = {"tenant_id": actor.tenant_id, "job_id": job}
        kept = await executor.first(queries.PUT_CHUNK, **of_job, number=chunk, row_count=len(rows), rows=list(rows))
        if kept is None:
            raise ConflictError("Other rows came under this number before.", code="chunk_differs")
        count = await executor.first(queries.COUNT_CHUNKS, **of_job)
        return await self._note_received(row, found(count)["row_count"], executor)

    async def queue(self, job: JobId, kind: JobKind, actor: Actor, executor: WriteExecutor) -> Job:
        """Let a job wait for a worker; `ConflictError` when its rows are not all there, or it was queued before."""
        row = check_own(await self._lock(job, actor, executor), actor, kind)
        check_receiving(row)
        count = await executor.first(queries.COUNT_CHUNKS, tenant_id=actor.tenant_id, job_id=job)
        check_complete(found(count))
        changed = {"new_state": "queued", "new_stage": "queued"}
        queued = await executor.first(queries.SET_STATE, of_tenant=actor.tenant_id, of_id=job, **changed)
        return job_from(found(queued))

    async def _lock(self, job: JobId, actor: Actor, tx: WriteExecutor) -> DBJob | None:
        return await tx.first(queries.LOCK_JOB, tenant_id=actor.tenant_id, id=job)

    async def _note_received(self, row: DBJob, count: int, tx: WriteExecutor) -> Job:
        changed = {"stage": "receiving", "position": 0, "done": count, "total": count, "message": None}
        new = {f"new_{name}": value for name, value in changed.items()} | {"new_result": row["result"]}
        noted = await tx.first(queries.ADVANCE_JOB, of_tenant=row["tenant_id"], of_id=row["id"], **new)
        return job_from(found(noted))

    async def _ask_to_stop(self, row: DBJob, actor: Actor, tx: WriteExecutor) -> Job:
        changed = {"new_state": "cancelling", "new_stage": row["stage"]}
        asked = await tx.first(queries.SET_STATE, of_tenant=actor.tenant_id, of_id=row["id"], **changed)
        event = JobCancelRequested(tenant_id=actor.tenant_id, job_id=row["id"], version=found(asked)["version"])
        await self.outbox.add(event, actor.by, tx)
        return job_from(found(asked))

    async def _drop(self, row: DBJob, actor: Actor, tx: WriteExecutor) -> Job:
        """End a job that no worker has begun; the one that its event is still to reach finds it ended."""
        ended = await tx.first(
            queries.END_JOB,
            of_tenant=actor.tenant_id,
            of_id=row["id"],
            new_state="cancelled",
            new_result=row["result"],
            new_error_code=None,
            new_error_message=None,
        )
        await delete_chunks(actor.tenant_id, row["id"], tx)
        version = found(ended)["version"]
        event = JobEnded(tenant_id=actor.tenant_id, job_id=row["id"], version=version, succeeded=False, cancelled=True)
        await self.outbox.add(event, actor.by, tx)
        return job_from(found(ended))


def found(value: T | None) -> T:
    """Give what is there; `NotFoundError` for nothing."""
    if value is None:
        raise NotFoundError.of("job")
    return value
