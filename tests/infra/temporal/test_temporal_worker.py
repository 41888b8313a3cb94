import asyncio
import uuid

import pytest
import structlog
from temporalio.client import WorkflowFailureError

from central_server.infra.temporal import interceptors
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.temporal.worker import activity_methods
from support.durable import running, sample_worker
from support.logs import captured_logs
from support.sample_specs import CLOCK, SAMPLE, SampleActivity, SampleInput, SampleOutput


async def test_workflow_cannot_look_at_the_clock(sample: SampleActivity, dispatcher: TemporalDispatcher):
    """What would make a replay differ is refused in workflow files."""
    id = f"clock-{uuid.uuid4()}"
    await dispatcher.start(CLOCK, SampleInput(word="now"), id=id)
    with pytest.raises(WorkflowFailureError) as caught:
        await dispatcher.result(CLOCK, id)
    assert "datetime.datetime.now" in str(caught.value.cause)


async def test_stop_lets_activities_end(connection: TemporalConnection, dispatcher: TemporalDispatcher):
    """An activity that runs when the worker is stopped is finished, and its result is kept."""
    activity, id = SampleActivity(), f"sample-{uuid.uuid4()}"
    async with running(sample_worker(connection, activity)):
        await dispatcher.start(SAMPLE, SampleInput(word="drained", seconds=0.5), id=id)
        await activity.entered.wait()
    async with running(sample_worker(connection, SampleActivity())):
        assert await asyncio.wait_for(dispatcher.result(SAMPLE, id), 10) == SampleOutput(word="drained")
    assert activity.words == ["drained"]


async def test_log_names_the_activity(
    sample: SampleActivity, dispatcher: TemporalDispatcher, monkeypatch: pytest.MonkeyPatch
):
    """A failure is logged with workflow, activity and attempt, and without what was given."""
    id, sample.fail = f"sample-{uuid.uuid4()}", 1
    with captured_logs() as logs:
        # The module's logger may have been used, and with that have kept an earlier configuration.
        monkeypatch.setattr(interceptors, "_log", structlog.get_logger())
        await dispatcher.start(SAMPLE, SampleInput(word="confidential"), id=id)
        with pytest.raises(WorkflowFailureError):
            await dispatcher.result(SAMPLE, id)
    (line,) = [entry for entry in logs if entry["event"] == "activity failed"]
    assert line["workflow"] == line["activity"] == "tests.sample"
    assert (line["workflow_id"], line["attempt"], line["error"]) == (id, 1, "ValueError")
    assert "confidential" not in str(logs)


async def test_errors_keep_their_words(
    sample: SampleActivity, dispatcher: TemporalDispatcher, connection: TemporalConnection
):
    """A history gets the type of an error, by which it is retried or not, and none of its words."""
    id, sample.fail = f"sample-{uuid.uuid4()}", 1
    await dispatcher.start(SAMPLE, SampleInput(word="x"), id=id)
    with pytest.raises(WorkflowFailureError):
        await dispatcher.result(SAMPLE, id)
    client = await connection.client()
    history = (await client.get_workflow_handle(id).fetch_history()).to_json()
    assert "told to fail" not in history
    assert '"type": "ValueError"' in history


def test_activity_objects_have_activities():
    """An object without an activity in a worker's list is a mistake that is told at once."""
    assert len(activity_methods([SampleActivity()])) == 1
    with pytest.raises(TypeError, match="no method marked"):
        activity_methods([object()])
