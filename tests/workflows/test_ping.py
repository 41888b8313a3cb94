import asyncio
import os
import uuid

import pytest

from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.temporal.spec import Queue
from central_server.media.activities.ping import PingActivity
from central_server.media.specs import PING, PingInput
from central_server.worker.parts import WorkerParts, stop_on_signals
from central_server.worker.run import ACTIVITIES, run_worker


async def test_ping_until_told_to_stop(connection: TemporalConnection, dispatcher: TemporalDispatcher):
    """The media worker answers, until SIGTERM; then it drains and ends."""
    parts = WorkerParts(connection, [activity.__new__(activity) for activity in ACTIVITIES[Queue.MEDIA]])
    worker = asyncio.create_task(run_worker(Queue.MEDIA, parts, stop_on_signals()))
    id = await dispatcher.start(PING, PingInput(message="hello"), id=f"ping-{uuid.uuid4()}")
    output = await asyncio.wait_for(dispatcher.result(PING, id), 10)
    assert output.message == "hello"
    assert output.worker.startswith(f"{os.getpid()}@")
    os.kill(os.getpid(), 15)
    await asyncio.wait_for(worker, 10)


async def test_worker_needs_its_activities(connection: TemporalConnection):
    """A worker with too few or too many activities, or a core worker without a relay, does not start."""
    for queue, activities in ((Queue.MEDIA, []), (Queue.CORE, [PingActivity()])):
        with pytest.raises(TypeError, match="missing, or not listed"):
            await run_worker(queue, WorkerParts(connection, activities), asyncio.Event())
