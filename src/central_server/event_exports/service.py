from typing import Final

from central.errors import ValidationFailedError
from central.event_exports.events import EventExportRequested
from central.event_exports.models import StartEventExportInput
from central.jobs.models import EventExportResult, Job, JobKind
from central_server.event_exports.policy import LACKING, writes_parquet
from central_server.infra.actor import Actor
from central_server.infra.db import Database
from central_server.jobs.service import JobService

KIND: Final[JobKind] = "event_export"


class EventExportService:
    """Exports of events, as those see them who ask for them."""

    def __init__(self, db: Database, jobs: JobService) -> None:
        self.db = db
        self.jobs = jobs

    async def TX_start(self, input: StartEventExportInput, actor: Actor) -> Job:
        """Make a job that writes a file; `ValidationFailedError` for a format that this server cannot write."""
        if input.format == "parquet" and not writes_parquet():
            raise ValidationFailedError.of("format", LACKING, code="parquet_unavailable")
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.jobs.start_export(KIND, input, EventExportResult(), EventExportRequested, actor, tx)
