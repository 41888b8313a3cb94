import asyncio
import uuid
from datetime import timedelta

import pytest

from central.errors import UnavailableError
from central_server.infra.embedded.ports import free_port
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.temporal.pollers import QueueState, look_at_queues
from central_server.infra.temporal.spec import Queue
from support.durable import fresh_connection, running, sample_worker
from support.sample_specs import SAMPLE, SampleActivity, SampleInput
from support.waiting import until


async def _core(connection: TemporalConnection) -> QueueState:
    return next(state for state in await look_at_queues(connection) if state.name == Queue.CORE)


async def test_workers_are_counted(temporal):
    """A queue without a worker has none; one that is served has it, and the other queue still has none."""
    connection = await fresh_connection(temporal)
    nobody = QueueState("core", 0, 0, timedelta(0))
    assert await look_at_queues(connection) == [nobody, QueueState("media", 0, 0, timedelta(0))]

    async def is_served() -> bool:
        return (await _core(connection)).workers == 1

    async with running(sample_worker(connection, SampleActivity())):
        await until(is_served)
        assert [state.workers for state in await look_at_queues(connection)] == [1, 0]


async def test_work_that_waits_is_counted(temporal):
    """What was started while nobody serves its queue waits, and for how long is told."""
    connection = await fresh_connection(temporal)
    await TemporalDispatcher(connection).start(SAMPLE, SampleInput(word="x"), id=f"waits-{uuid.uuid4()}")
    await asyncio.sleep(1.1)

    async def waits() -> bool:
        state = await _core(connection)
        return state.waiting == 1 and state.oldest >= timedelta(seconds=1)

    await until(waits)


async def test_temporal_is_away():
    """Without Temporal the error says so."""
    with pytest.raises(UnavailableError):
        await look_at_queues(TemporalConnection(f"127.0.0.1:{free_port()}", connect_timeout=1))
