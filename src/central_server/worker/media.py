import asyncio
import os

from central_server.infra.temporal.spec import Queue
from central_server.infra.temporal.worker import QueueWorker
from central_server.worker.activities import MEDIA_ACTIVITIES
from central_server.worker.parts import WorkerParts
from central_server.worker.workflows.media import MEDIA_WORKFLOWS


async def run_media_worker(parts: WorkerParts, stop: asyncio.Event) -> None:
    """Serve the media queue until `stop` is set; Temporal may come and go meanwhile."""
    parts.check(MEDIA_ACTIVITIES)
    worker = QueueWorker(
        parts.connection,
        Queue.MEDIA,
        workflows=MEDIA_WORKFLOWS,
        activities=parts.activities,
        # Media work keeps a core busy; more at once only makes each of them slower.
        max_activities=os.cpu_count() or 1,
        drain_seconds=parts.drain_seconds,
        meter=parts.meter,
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run(stop))
        for other in parts.beside:
            group.create_task(other.run(stop))
