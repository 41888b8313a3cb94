import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError

from central.kernel.ids import DomainId
from central_server.domains.specs import RECHECK_DOMAINS, DuePosition, RecheckDomainsInput, RecheckDomainsOutput
from central_server.domains.workflows.recheck_domains import RecheckDomainsWorkflow
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.temporal.spec import Queue
from central_server.infra.temporal.worker import QueueWorker
from support.durable import running


class Pages:
    """Stands for the activity: gives so many pages, after so many failures."""

    def __init__(self, pages: int, failures: int = 0) -> None:
        self.positions = [DuePosition(next_check_at=datetime.now(UTC), domain_id=DomainId.new()) for _ in range(pages)]
        self.failures = failures
        self.asked: list[DuePosition | None] = []

    @activity.defn(name="domains.recheck")
    async def recheck(self, input: RecheckDomainsInput) -> RecheckDomainsOutput:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not yet")
        self.asked.append(input.after)
        is_last = len(self.asked) == len(self.positions)
        return RecheckDomainsOutput(
            last=None if is_last else self.positions[len(self.asked) - 1],
            checked=input.checked + 100,
            changed=input.changed + 2,
            failed=input.failed + 1,
        )


async def _run(connection: TemporalConnection, dispatcher: TemporalDispatcher, holder: object) -> Any:
    worker = QueueWorker(connection, Queue.CORE, workflows=[RecheckDomainsWorkflow], activities=[holder])
    async with running(worker):
        id = await dispatcher.start(RECHECK_DOMAINS, RecheckDomainsInput(), id=f"recheck-{uuid.uuid4()}")
        return await dispatcher.result(RECHECK_DOMAINS, id)


async def test_pages_follow_each_other(connection: TemporalConnection, dispatcher: TemporalDispatcher) -> None:
    """Each page goes on where the one before ended, and the run ends with the sum of all."""
    pages = Pages(4)
    output = await _run(connection, dispatcher, pages)
    assert output == RecheckDomainsOutput(checked=400, changed=8, failed=4)
    assert pages.asked == [None, *pages.positions[:3]]


async def test_a_page_that_fails_is_tried_again(connection: TemporalConnection, dispatcher: TemporalDispatcher) -> None:
    """An activity that fails for a while is repeated, from the same place."""
    pages = Pages(2, failures=1)
    output = await _run(connection, dispatcher, pages)
    assert (output.checked, pages.asked) == (200, [None, pages.positions[0]])


class Wrong:
    """Stands for an activity that is not understood."""

    @activity.defn(name="domains.recheck")
    async def recheck(self, input: RecheckDomainsInput) -> RecheckDomainsOutput:
        raise ApplicationError("no", type="ValidationError")


async def test_a_run_that_cannot_succeed_ends(connection: TemporalConnection, dispatcher: TemporalDispatcher) -> None:
    """What no repetition helps fails the run, for the next one of the schedule to try."""
    with pytest.raises(WorkflowFailureError):
        await _run(connection, dispatcher, Wrong())
