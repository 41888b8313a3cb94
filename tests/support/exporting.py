"""Jobs without Temporal: what a worker would do is done at once, or while somebody waits."""

import asyncio
import io
from collections.abc import Coroutine
from typing import Any, TypeVar

from central.jobs.models import Job
from central_client import AsyncCentral
from central_server.assignment_exports.exporting import AssignmentExporter
from central_server.assignment_imports.importing import AssignmentImporter
from central_server.event_exports.exporting import EventExporter
from central_server.images.making import ImageMaker
from central_server.session_revocations.revoking import SessionRevoker
from central_server.unit_exports.exporting import UnitExporter
from central_server.unit_imports.importing import UnitImporter
from central_server.user_exports.exporting import UserExporter
from support.place import Place

T = TypeVar("T")
_WORKERS: dict[str, type[Any]] = {
    "user_export": UserExporter,
    "unit_export": UnitExporter,
    "unit_import": UnitImporter,
    "assignment_export": AssignmentExporter,
    "assignment_import": AssignmentImporter,
    "event_export": EventExporter,
    "session_revocation": SessionRevoker,
    "image_processing": ImageMaker,
}


async def work_on(place: Place, job: Job) -> Job:
    """Do what a worker does with a job, and give how it is then."""
    worker = await place.stack.central.container.get(_WORKERS[job.kind])
    await worker.run(place.tenant.id, job.id)
    return await place.owner.jobs.get(job=job.id)


async def while_working(place: Place, call: Coroutine[Any, Any, T]) -> T:
    """Await something while a worker does all jobs of the tenant that are queued."""
    waiting = asyncio.create_task(call)
    while not waiting.done():
        async for job in place.owner.jobs.list(state="queued"):
            await work_on(place, job)
        await asyncio.sleep(0.02)
    return await waiting


async def exported(place: Place, by: AsyncCentral | None = None, **how: Any) -> bytes:
    """Export users, and give the file's content."""
    target = io.BytesIO()
    await while_working(place, (by or place.owner).users.export_users(to=target, **how))
    return target.getvalue()


async def exported_events(place: Place, by: AsyncCentral | None = None, **how: Any) -> bytes:
    """Export events, and give the file's content."""
    target = io.BytesIO()
    await while_working(place, (by or place.owner).events.export_events(to=target, **how))
    return target.getvalue()
