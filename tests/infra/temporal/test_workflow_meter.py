import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry
from temporalio.client import WorkflowFailureError
from temporalio.runtime import Runtime

from central_server.infra.embedded.temporal import EmbeddedTemporal
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.temporal.spec import Queue
from central_server.infra.temporal.worker import WORKFLOW_TASKS
from central_server.infra.temporal.workflow_meter import WorkflowMeter
from support.durable import fresh_connection, running, sample_worker
from support.sample_specs import CLOCK, SAMPLE, SampleActivity, SampleInput
from support.waiting import until


class Metered:
    """A worker on a connection that is metered, and what its metrics say."""

    def __init__(self, connection: TemporalConnection) -> None:
        self.connection = connection
        self.registry, self.activity = CollectorRegistry(), SampleActivity()
        self.meter = WorkflowMeter(self.registry, Queue.CORE, WORKFLOW_TASKS)
        connection.run_by(self.meter.runtime)
        self.dispatcher = TemporalDispatcher(connection)

    def value(self, name: str, **labels: str) -> float:
        found = self.registry.get_sample_value(f"central_worker_{name}", {"queue": "core", **labels})
        return 0 if found is None else found

    def ended(self, workflow: str, outcome: str) -> float:
        return self.value("workflows_total", workflow=workflow, outcome=outcome)

    async def has(self, name: str, **labels: str) -> None:
        """Wait until the core has told of something; it does so a moment later."""

        async def is_told() -> bool:
            return self.value(name, **labels) > 0

        await until(is_told)


@pytest.fixture
async def metered(temporal: EmbeddedTemporal) -> AsyncIterator[Metered]:
    made = Metered(await fresh_connection(temporal))
    async with running(sample_worker(made.connection, made.activity), made.meter):
        yield made


def new_id() -> str:
    return f"metered-{uuid.uuid4()}"


async def test_steps_are_counted(metered: Metered):
    """Each step is told with its time and its wait, and each workflow with its end."""
    for _ in range(2):
        id = new_id()
        await metered.dispatcher.start(SAMPLE, SampleInput(word="x"), id=id)
        await metered.dispatcher.result(SAMPLE, id)
    id = new_id()
    await metered.dispatcher.start(CLOCK, SampleInput(word="x"), id=id)
    with pytest.raises(WorkflowFailureError):
        await metered.dispatcher.result(CLOCK, id)
    await metered.has("workflows_total", workflow=CLOCK.name, outcome="failed")
    assert (metered.ended(SAMPLE.name, "succeeded"), metered.ended(SAMPLE.name, "failed")) == (2, 0)
    assert (metered.ended(CLOCK.name, "succeeded"), metered.ended(CLOCK.name, "failed")) == (0, 1)
    # One step has the activity begun, another takes its result.
    assert metered.value("workflow_task_seconds_count", workflow=SAMPLE.name) == 4
    assert metered.value("workflow_task_seconds_count", workflow=CLOCK.name) == 1
    assert 0 < metered.value("workflow_task_seconds_sum", workflow=SAMPLE.name) < 10
    assert metered.value("workflow_task_wait_seconds_count") == 5
    assert 0 < metered.value("workflow_task_wait_seconds_sum") < 10
    assert metered.value("workflow_slots") == WORKFLOW_TASKS
    assert metered.value("workflow_tasks_running") == 0


async def test_a_step_that_fails_is_counted(metered: Metered):
    """A step that the code of now cannot take fails, is tried again, and keeps its workflow from going on."""
    client = await metered.connection.client()
    handle = await client.start_workflow("tests.unknown", SampleInput(word="x"), id=new_id(), task_queue="core")
    await metered.has("workflow_task_failures_total", workflow="tests.unknown", reason="WorkflowError")
    assert metered.ended("tests.unknown", "failed") == 0
    await handle.terminate()


async def test_a_workflow_that_is_cancelled_is_no_failure(metered: Metered):
    """The end that somebody asked for is told as such."""
    id = new_id()
    await metered.dispatcher.start(SAMPLE, SampleInput(word="x", seconds=15), id=id)
    await asyncio.wait_for(metered.activity.entered.wait(), 10)
    await (await metered.connection.client()).get_workflow_handle(id).cancel()
    await metered.has("workflows_total", workflow=SAMPLE.name, outcome="cancelled")
    assert metered.ended(SAMPLE.name, "failed") == 0


async def test_a_connection_has_one_runtime(temporal: EmbeddedTemporal):
    """Whoever comes too late with another runtime is told, for nothing would be counted."""
    connection = await fresh_connection(temporal)
    await connection.client()
    with pytest.raises(RuntimeError, match="in use"):
        connection.run_by(Runtime.default())
