from typing import ClassVar

from central.jobs.events import JobRequested
from central.jobs.models import Job, JobKind
from central.kernel.model import Output, TenantInput
from central.user_imports.models import AddImportRowsInput, RunImportInput
from central_server.infra.actor import Actor
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.jobs.service import JobService
from central_server.jobs.specs import run_event_of


class RowIntake:
    """Imports of some kind, as those see them who ask for them: how, with which rows, and then that it may begin."""

    kind: ClassVar[JobKind]
    requested: ClassVar[type[JobRequested]]
    """The event that starts the workflow which does it."""

    def __init__(self, db: Database, outbox: Outbox, jobs: JobService) -> None:
        self.db = db
        self.outbox = outbox
        self.jobs = jobs

    async def make(self, asked: TenantInput, nothing: Output, actor: Actor, executor: WriteExecutor) -> Job:
        """Make a job that waits for its rows; `nothing` is its result when it has done nothing."""
        options = asked.model_dump(mode="json", by_alias=False, exclude={"tenant"})
        result = nothing.model_dump(mode="json", by_alias=False, exclude={"type_"})
        return await self.jobs.create_job(self.kind, options, result, actor, executor)

    async def TX_add_rows(self, input: AddImportRowsInput, actor: Actor) -> Job:
        """Keep a chunk of rows, once; `ConflictError` for another one of its number."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.jobs.add_rows(input.job, self.kind, input.chunk, input.rows, actor, tx)

    async def TX_run(self, input: RunImportInput, actor: Actor) -> Job:
        """Let it begin: the event, of the job's own number, starts the workflow that does it."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            job = await self.jobs.queue(input.job, self.kind, actor, tx)
            event = self.requested.model_validate(
                {
                    "id": run_event_of(input.job),
                    "tenant_id": actor.tenant_id,
                    "job_id": input.job,
                    "version": job.version,
                }
            )
            await self.outbox.add(event, actor.by, tx)
        return job
