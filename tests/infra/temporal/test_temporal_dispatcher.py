import asyncio
import time
import uuid

import pytest
from temporalio.client import WorkflowFailureError

from central.errors import UnavailableError
from central_server.infra.embedded.ports import free_port
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.media.specs import PingInput
from support.sample_specs import SAMPLE, SampleActivity, SampleInput, SampleOutput


async def test_start_gives_id_and_result(sample: SampleActivity, dispatcher: TemporalDispatcher):
    """A workflow runs on the queue of its spec, and its output is of the declared type."""
    id = f"sample-{uuid.uuid4()}"
    assert await dispatcher.start(SAMPLE, SampleInput(word="hello"), id=id) == id
    assert await dispatcher.result(SAMPLE, id) == SampleOutput(word="hello")


async def test_start_refuses_another_input(dispatcher: TemporalDispatcher):
    """An input of another workflow is refused before anything is sent."""
    with pytest.raises(TypeError, match="SampleInput, not PingInput"):
        await dispatcher.start(SAMPLE, PingInput(message="x"), id="never")  # type: ignore[arg-type]  # the test's point


async def test_one_id_succeeds_once(sample: SampleActivity, dispatcher: TemporalDispatcher):
    """Started again while it runs or after it has succeeded, a workflow is left alone."""
    id = f"sample-{uuid.uuid4()}"
    starts = [dispatcher.start(SAMPLE, SampleInput(word=f"w{n}", seconds=0.1), id=id) for n in range(8)]
    assert set(await asyncio.gather(*starts)) == {id}
    await dispatcher.result(SAMPLE, id)
    assert await dispatcher.start(SAMPLE, SampleInput(word="late"), id=id) == id
    assert len(sample.words) == 1


async def test_failed_workflow_starts_again(sample: SampleActivity, dispatcher: TemporalDispatcher):
    """A workflow that has failed can be started again under its id."""
    id, sample.fail = f"sample-{uuid.uuid4()}", 1
    await dispatcher.start(SAMPLE, SampleInput(word="first"), id=id)
    with pytest.raises(WorkflowFailureError):
        await dispatcher.result(SAMPLE, id)
    await dispatcher.start(SAMPLE, SampleInput(word="second"), id=id)
    assert await dispatcher.result(SAMPLE, id) == SampleOutput(word="second")


async def test_start_without_temporal():
    """Without Temporal a start fails in a bounded time, with an error that says when to come back."""
    dispatcher = TemporalDispatcher(TemporalConnection(f"127.0.0.1:{free_port()}"), rpc_timeout=1)
    began = time.monotonic()
    with pytest.raises(UnavailableError) as caught:
        await dispatcher.start(SAMPLE, SampleInput(word="x"), id="never")
    assert time.monotonic() - began < 2
    assert (caught.value.code, caught.value.retry_after) == ("temporal_unavailable", 5)
