import asyncio
import uuid

import pytest
from prometheus_client import CollectorRegistry
from temporalio.client import WorkflowFailureError

from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.temporal.meter import ActivityMeter
from central_server.infra.temporal.spec import Queue
from central_server.infra.temporal.worker import QueueWorker
from support.durable import running
from support.sample_specs import SAMPLE, SampleActivity, SampleInput
from support.sample_workflows import SampleWorkflow

OF_ONE = {"queue": "core", "activity": "tests.sample"}


class Metered:
    """A worker that is metered, and what its metrics say."""

    def __init__(self, connection: TemporalConnection, *, slots: int = 7, drain_seconds: float = 20) -> None:
        self.registry, self.activity = CollectorRegistry(), SampleActivity()
        self.worker = QueueWorker(
            connection,
            Queue.CORE,
            workflows=[SampleWorkflow],
            activities=[self.activity],
            max_activities=slots,
            drain_seconds=drain_seconds,
            meter=ActivityMeter(self.registry),
        )

    def ended(self, outcome: str) -> float | None:
        return self.registry.get_sample_value("central_worker_activities_total", OF_ONE | {"outcome": outcome})

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


async def test_activities_are_counted(connection: TemporalConnection, dispatcher: TemporalDispatcher):
    """What runs is counted while it does; how it ended, how long it took and how long it waited, behind it."""
    metered = Metered(connection)
    assert metered.value("central_worker_activity_slots", queue="core") == 7
    ids = [f"metered-{uuid.uuid4()}" for _ in range(2)]
    async with running(metered.worker):
        await dispatcher.start(SAMPLE, SampleInput(word="x", seconds=0.3), id=ids[0])
        await metered.activity.entered.wait()
        assert metered.value("central_worker_activities_running", **OF_ONE) == 1
        await dispatcher.result(SAMPLE, ids[0])
        metered.activity.fail = 1
        await dispatcher.start(SAMPLE, SampleInput(word="x"), id=ids[1])
        with pytest.raises(WorkflowFailureError):
            await dispatcher.result(SAMPLE, ids[1])
    assert (metered.ended("succeeded"), metered.ended("failed")) == (1, 1)
    assert metered.value("central_worker_activities_running", **OF_ONE) == 0
    for outcome in ("succeeded", "failed"):
        assert metered.value("central_worker_activity_seconds_count", **OF_ONE, outcome=outcome) == 1
    assert 0.3 <= (metered.value("central_worker_activity_seconds_sum", **OF_ONE, outcome="succeeded") or 0) < 30
    assert metered.value("central_worker_activity_wait_seconds_count", queue="core") == 2


async def test_waiting_is_measured(connection: TemporalConnection, dispatcher: TemporalDispatcher):
    """What had to wait for a free slot is told with the time that it waited, by Temporal's clock."""
    metered, ids = Metered(connection, slots=1), [f"metered-{uuid.uuid4()}" for _ in range(2)]
    async with running(metered.worker):
        await dispatcher.start(SAMPLE, SampleInput(word="x", seconds=1.5), id=ids[0])
        await metered.activity.entered.wait()
        await dispatcher.start(SAMPLE, SampleInput(word="x"), id=ids[1])
        for id in ids:
            await dispatcher.result(SAMPLE, id)
    assert 0.5 <= (metered.value("central_worker_activity_wait_seconds_sum", queue="core") or 0) < 30


async def test_what_is_cut_off_counts_as_cancelled(connection: TemporalConnection, dispatcher: TemporalDispatcher):
    """An activity that the worker's stop has cut off is no failure."""
    metered, id = Metered(connection, drain_seconds=0.2), f"metered-{uuid.uuid4()}"
    async with running(metered.worker):
        await dispatcher.start(SAMPLE, SampleInput(word="x", seconds=15), id=id)
        await asyncio.wait_for(metered.activity.entered.wait(), 10)
    assert (metered.ended("cancelled"), metered.ended("failed")) == (1, None)
