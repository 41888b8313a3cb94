import asyncio
from typing import Final

from central_server.infra.temporal.spec import Queue
from central_server.worker.activities import CORE_ACTIVITIES, MEDIA_ACTIVITIES
from central_server.worker.core import run_core_worker
from central_server.worker.media import run_media_worker
from central_server.worker.parts import WorkerParts

ACTIVITIES: Final[dict[Queue, tuple[type, ...]]] = {Queue.CORE: CORE_ACTIVITIES, Queue.MEDIA: MEDIA_ACTIVITIES}
"""The classes of which a queue's worker needs one object each."""

_RUNS = {Queue.CORE: run_core_worker, Queue.MEDIA: run_media_worker}


async def run_worker(queue: Queue, parts: WorkerParts, stop: asyncio.Event) -> None:
    """Run the worker of a queue until `stop` is set (`stop_on_signals()`), then drain it."""
    await _RUNS[queue](parts, stop)
