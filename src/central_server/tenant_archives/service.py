from typing import Any, Final

from central.jobs.models import Job, JobKind
from central.tenant_archives.events import TenantArchiveRequested, TenantImportRequested
from central.tenant_archives.models import (
    AddTenantImportPartInput,
    RunTenantImportInput,
    StartTenantArchiveInput,
    StartTenantImportInput,
)
from central_server.infra.actor import Actor
from central_server.infra.db import Database
from central_server.infra.outbox import Outbox
from central_server.jobs.service import JobService
from central_server.jobs.specs import run_event_of
from central_server.tenant_archives.passphrases import Passphrases
from central_server.tenants.policy import check_slug

ARCHIVE: Final[JobKind] = "tenant_archive"
IMPORT: Final[JobKind] = "tenant_import"


class TenantArchiveService:
    """Archives of tenants, as those see them who ask for one, and operators who import one.

    An import is a job of the operator's own tenant: the one that is to come is not there yet, and perhaps never is.
    """

    def __init__(self, db: Database, outbox: Outbox, jobs: JobService, passphrases: Passphrases) -> None:
        self.db = db
        self.outbox = outbox
        self.jobs = jobs
        self.passphrases = passphrases

    async def TX_start_archive(self, input: StartTenantArchiveInput, actor: Actor) -> Job:
        """Have the actor's tenant archived."""
        sealed = self.passphrases.seal(actor.tenant_id, input.passphrase)
        options: dict[str, Any] = {"pictures": input.pictures, **sealed}
        result = {"kind": ARCHIVE, "rows": 0, "sealed": input.passphrase is not None}
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.jobs.start_job(
                ARCHIVE,
                options,
                result,
                lambda job, event: TenantArchiveRequested(
                    id=event, tenant_id=actor.tenant_id, job_id=job, version=1, sealed=input.passphrase is not None
                ),
                actor,
                tx,
            )

    async def TX_start_import(self, input: StartTenantImportInput, actor: Actor) -> Job:
        """Make a job that waits for an archive."""
        options: dict[str, Any] = {"slug": input.slug, **self.passphrases.seal(actor.tenant_id, input.passphrase)}
        if input.slug is not None:
            check_slug(input.slug)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.jobs.create_job(IMPORT, options, {"kind": IMPORT}, actor, tx)

    async def TX_add_part(self, input: AddTenantImportPartInput, actor: Actor) -> Job:
        """Keep a part of an archive, once; `ConflictError` for another one of its number."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.jobs.add_rows(input.job, IMPORT, input.part, [{"content": input.content}], actor, tx)

    async def TX_run_import(self, input: RunTenantImportInput, actor: Actor) -> Job:
        """Let it begin: the event, of the job's own number, starts the workflow that does it."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            job = await self.jobs.queue(input.job, IMPORT, actor, tx)
            event = TenantImportRequested(
                id=run_event_of(input.job), tenant_id=actor.tenant_id, job_id=input.job, version=job.version
            )
            await self.outbox.add(event, actor.by, tx)
        return job
