from typing import Final

from central.jobs.models import Job, JobKind, SessionRevocationResult
from central.kernel.ids import EventId, JobId
from central.session_revocations.events import SessionRevocationRequested
from central.session_revocations.models import StartSessionRevocationInput
from central_server.infra.actor import Actor
from central_server.infra.db import Database
from central_server.jobs.service import JobService

KIND: Final[JobKind] = "session_revocation"


class SessionRevocationService:
    """Mass revocations of sessions, as those see them who ask for them."""

    def __init__(self, db: Database, jobs: JobService) -> None:
        self.db = db
        self.jobs = jobs

    async def TX_start(self, input: StartSessionRevocationInput, actor: Actor) -> Job:
        """Make a job that ends sessions, or counts them."""
        options = input.model_dump(mode="json", by_alias=False, exclude={"tenant"})
        nothing = SessionRevocationResult(dry_run=input.dry_run)
        result = nothing.model_dump(mode="json", by_alias=False, exclude={"type_"})

        def requested(job: JobId, event: EventId) -> SessionRevocationRequested:
            return SessionRevocationRequested(id=event, tenant_id=actor.tenant_id, job_id=job, version=1)

        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.jobs.start_job(KIND, options, result, requested, actor, tx)
