import uuid

import pytest
from temporalio.client import WorkflowFailureError

from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.temporal.spec import Queue
from central_server.infra.temporal.worker import QueueWorker
from central_server.upkeep.specs import CLEAN_UP, CleanUpInput, CleanUpOutput
from central_server.upkeep.workflows.clean_up import CleanUpWorkflow
from support.durable import running
from support.record_histories import CleaningUp


async def _run(connection: TemporalConnection, dispatcher: TemporalDispatcher, holder: CleaningUp) -> CleanUpOutput:
    async with running(QueueWorker(connection, Queue.CORE, workflows=[CleanUpWorkflow], activities=[holder])):
        id = await dispatcher.start(CLEAN_UP, CleanUpInput(), id=f"clean-{uuid.uuid4()}")
        return await dispatcher.result(CLEAN_UP, id)


async def test_every_kind_to_its_end(connection: TemporalConnection, dispatcher: TemporalDispatcher) -> None:
    """It goes on with a kind until no more are due, and says how many of each there were."""
    done = await _run(connection, dispatcher, CleaningUp(rounds=3))
    assert len(done.deleted) == 15
    assert set(done.deleted.values()) == {1500}


async def test_one_that_fails_keeps_no_other(connection: TemporalConnection, dispatcher: TemporalDispatcher) -> None:
    """The other kinds are cleaned up all the same, and the run has failed."""
    holder = CleaningUp(fail=True)
    with pytest.raises(WorkflowFailureError) as failure:
        await _run(connection, dispatcher, holder)
    assert "not cleaned up: email_codes" in str(failure.value.cause)
    assert len(holder.calls) == 14
