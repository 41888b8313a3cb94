from typing import Final

from central.jobs.models import Job, JobKind, UnitImportResult
from central.unit_imports.events import UnitImportRequested
from central.unit_imports.models import RunUnitImportInput, StartUnitImportInput
from central.user_imports.models import AddImportRowsInput
from central_server.infra.actor import Actor
from central_server.infra.db import Database
from central_server.infra.outbox import Outbox
from central_server.jobs.service import JobService
from central_server.jobs.specs import run_event_of

KIND: Final[JobKind] = "unit_import"


class UnitImportService:
    """Imports of units, as those see them who ask for them: how, with which rows, and then that it may begin."""

    def __init__(self, db: Database, outbox: Outbox, jobs: JobService) -> None:
        self.db = db
        self.outbox = outbox
        self.jobs = jobs

    async def TX_start(self, input: StartUnitImportInput, actor: Actor) -> Job:
        """Make a job that waits for its rows."""
        options = input.model_dump(mode="json", by_alias=False, exclude={"tenant"})
        nothing = UnitImportResult(dry_run=input.dry_run).model_dump(mode="json", by_alias=False, exclude={"type_"})
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.jobs.create_job(KIND, options, nothing, actor, tx)

    async def TX_add_rows(self, input: AddImportRowsInput, actor: Actor) -> Job:
        """Keep a chunk of rows, once; `ConflictError` for another one of its number."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.jobs.add_rows(input.job, KIND, input.chunk, input.rows, actor, tx)

    async def TX_run(self, input: RunUnitImportInput, actor: Actor) -> Job:
        """Let it begin: the event, of the job's own number, starts the workflow that does it."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            job = await self.jobs.queue(input.job, KIND, actor, tx)
            event = UnitImportRequested(
                id=run_event_of(input.job), tenant_id=actor.tenant_id, job_id=input.job, version=job.version
            )
            await self.outbox.add(event, actor.by, tx)
        return job
