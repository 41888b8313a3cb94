"""What a stop does to work that goes on: it ends, or another worker takes it up."""

import asyncio
import time
import uuid
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy

from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.temporal.spec import Queue, WorkflowSpec
from central_server.infra.temporal.worker import QueueWorker
from support.durable import running
from support.sample_specs import SampleInput, SampleOutput

LONG = WorkflowSpec("tests.long", Queue.CORE, SampleInput, SampleOutput, run_timeout=timedelta(minutes=2))


class LongActivity:
    """Takes as long as it is told, and notes what became of each attempt."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.cut_off = 0

    @activity.defn(name="tests.long")
    async def work(self, input: SampleInput) -> SampleOutput:
        self.entered.set()
        try:
            await asyncio.sleep(input.seconds if activity.info().attempt == 1 else 0)
        except asyncio.CancelledError:
            self.cut_off += 1
            raise
        return SampleOutput(word=f"attempt {activity.info().attempt}")


@workflow.defn(name=LONG.name, sandboxed=False)
class LongWorkflow:
    @workflow.run
    async def run(self, input: SampleInput) -> SampleOutput:
        return await workflow.execute_activity_method(
            LongActivity.work,
            input,
            start_to_close_timeout=timedelta(seconds=60),
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=0.1)),
        )


def long_worker(connection: TemporalConnection, work: LongActivity, drain_seconds: float) -> QueueWorker:
    return QueueWorker(
        connection,
        Queue.CORE,
        workflows=[LongWorkflow],
        activities=[work],
        drain_seconds=drain_seconds,
        first_delay=0.05,
    )


async def test_what_cannot_end_in_time_is_taken_up_elsewhere(
    connection: TemporalConnection, dispatcher: TemporalDispatcher
):
    """An activity that outlasts the bound is cut off then, the worker ends, and another one begins it anew."""
    first, id = LongActivity(), f"long-{uuid.uuid4()}"
    async with running(long_worker(connection, first, drain_seconds=0.5)):
        await dispatcher.start(LONG, SampleInput(word="x", seconds=60), id=id)
        await asyncio.wait_for(first.entered.wait(), 10)
        asked = time.monotonic()
    assert first.cut_off == 1
    assert 0.5 <= time.monotonic() - asked < 20
    second = LongActivity()
    async with running(long_worker(connection, second, drain_seconds=20)):
        output = await asyncio.wait_for(dispatcher.result(LONG, id), 20)
    assert output.word == "attempt 2"
    assert second.entered.is_set()


async def test_what_ends_in_time_is_not_begun_again(connection: TemporalConnection, dispatcher: TemporalDispatcher):
    """An activity that ends within the bound counts, and the worker takes nothing new meanwhile."""
    first, id, late = LongActivity(), f"long-{uuid.uuid4()}", f"late-{uuid.uuid4()}"
    async with running(long_worker(connection, first, drain_seconds=20)) as stop:
        await dispatcher.start(LONG, SampleInput(word="x", seconds=1.5), id=id)
        await asyncio.wait_for(first.entered.wait(), 10)
        stop.set()
        await asyncio.sleep(0.3)
        await dispatcher.start(LONG, SampleInput(word="x"), id=late)
    second = LongActivity()
    async with running(long_worker(connection, second, drain_seconds=20)):
        outputs = [await asyncio.wait_for(dispatcher.result(LONG, each), 20) for each in (id, late)]
    assert [output.word for output in outputs] == ["attempt 1", "attempt 1"]
    assert first.cut_off == 0
    assert second.entered.is_set()
