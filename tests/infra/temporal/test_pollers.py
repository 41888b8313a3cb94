import asyncio
import uuid
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from central.errors import UnavailableError
from central_server.infra.embedded.ports import free_port
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.temporal.pollers import QueueState, QueueWatch, look_at_queues
from central_server.infra.temporal.spec import Queue
from central_server.metrics import QueueCollector
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


async def test_queues_are_watched_beside_a_worker(temporal):
    """Who serves which queue, and what waits there, is told until Temporal is away; then nothing is."""
    connection, registry = await fresh_connection(temporal), CollectorRegistry()
    await TemporalDispatcher(connection).start(SAMPLE, SampleInput(word="x"), id=f"waits-{uuid.uuid4()}")
    watch = QueueWatch(connection, seconds=0.05)
    registry.register(QueueCollector(watch))

    def told(name: str, queue: str) -> float | None:
        return registry.get_sample_value(f"central_queue_{name}", {"queue": queue})

    async def waits() -> bool:
        return told("waiting", "core") == 1 and (told("lag_seconds", "core") or 0) > 0

    async def is_served() -> bool:
        return told("workers", "core") == 1 and told("waiting", "core") == 0

    async with running(watch):
        await until(waits)
        assert (told("workers", "core"), told("workers", "media")) == (0, 0)
        async with running(sample_worker(connection, SampleActivity())):
            await until(is_served)
        assert told("workers", "media") == 0


async def test_nothing_is_told_of_queues_while_temporal_is_away():
    """What was known before would say that all is served."""
    watch = QueueWatch(TemporalConnection(f"127.0.0.1:{free_port()}", connect_timeout=1), seconds=0.05)
    watch.states = [QueueState("core", 1, 0, timedelta(0))]

    async def is_forgotten() -> bool:
        return not watch.states

    async with running(watch):
        await until(is_forgotten)


async def test_temporal_is_away():
    """Without Temporal the error says so."""
    with pytest.raises(UnavailableError):
        await look_at_queues(TemporalConnection(f"127.0.0.1:{free_port()}", connect_timeout=1))
