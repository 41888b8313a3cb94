import asyncio

from central_server.infra.temporal.schedules import ScheduleKeeper
from central_server.infra.temporal.spec import Queue
from central_server.infra.temporal.worker import QueueWorker
from central_server.worker.activities import CORE_ACTIVITIES
from central_server.worker.parts import WorkerParts
from central_server.worker.schedules import SCHEDULES
from central_server.worker.workflows.core import CORE_WORKFLOWS


async def run_core_worker(parts: WorkerParts, stop: asyncio.Event) -> None:
    """Serve the core queue, relay the outbox and keep all schedules, until `stop` is set.

    Temporal may come and go meanwhile.
    """
    parts.check(CORE_ACTIVITIES)
    if parts.relay is None:
        raise TypeError("the core worker needs the relay")
    worker = QueueWorker(
        parts.connection,
        Queue.CORE,
        workflows=CORE_WORKFLOWS,
        activities=parts.activities,
        drain_seconds=parts.drain_seconds,
        meter=parts.meter,
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(parts.relay.run(stop))
        group.create_task(worker.run(stop))
        for other in parts.beside:
            group.create_task(other.run(stop))
        group.create_task(ScheduleKeeper(parts.connection, SCHEDULES).run(stop))
