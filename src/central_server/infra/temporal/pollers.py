"""Who asks Temporal for work, and what waits for them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeTaskQueueResponse
from temporalio.client import Client
from temporalio.service import RPCError

from central.errors import UnavailableError
from central_server.infra.logs import component_logger
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.errors import is_away, temporal_unavailable
from central_server.infra.temporal.spec import Queue
from central_server.infra.troubles import Troubles
from central_server.infra.waiting import wait_for_any

_RPC_TIMEOUT: Final = timedelta(seconds=5)
# A worker asks anew after a minute at most; Temporal remembers it for five.
_PRESENT: Final = timedelta(seconds=90)
_KINDS: Final = (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many workers ask for a queue's work, and what waits there: tasks, and for how long the oldest.

    A worker counts when it asks both for the steps of workflows and for activities.
    """

    name: str
    workers: int
    waiting: int
    oldest: timedelta


async def look_at_queues(connection: TemporalConnection) -> list[QueueState]:
    """Give the state of each queue; `UnavailableError` while Temporal is away."""
    client = await connection.client()
    try:
        return [await _look(client, queue) for queue in Queue]
    except RPCError as error:
        if is_away(error):
            raise temporal_unavailable() from error
        raise


class QueueWatch:
    """Looks at the queues every `seconds` beside a worker; while Temporal is away nothing is known of them."""

    def __init__(self, connection: TemporalConnection, seconds: float = 15.0) -> None:
        self._connection = connection
        self._seconds = seconds
        self.states: Sequence[QueueState] = ()
        self._troubles = Troubles("look at queues", component_logger(self))

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set, through Temporal's absences."""
        while not stop.is_set():
            await self._try()
            await wait_for_any(stop, seconds=self._seconds)

    async def _try(self) -> None:
        try:
            self.states = await look_at_queues(self._connection)
        except (RPCError, UnavailableError) as error:
            self.states = ()
            self._troubles.note(error)
        else:
            self._troubles.note(None)


async def _look(client: Client, queue: Queue) -> QueueState:
    now, answers = datetime.now(UTC), [await _describe(client, queue, kind) for kind in _KINDS]
    return QueueState(
        name=queue.value,
        workers=min(len(_present(answer, now)) for answer in answers),
        waiting=sum(answer.stats.approximate_backlog_count for answer in answers),
        oldest=max(answer.stats.approximate_backlog_age.ToTimedelta() for answer in answers),
    )


async def _describe(client: Client, queue: Queue, kind: TaskQueueType.ValueType) -> DescribeTaskQueueResponse:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=queue.value), task_queue_type=kind, report_stats=True
    )
    return await client.workflow_service.describe_task_queue(request, timeout=_RPC_TIMEOUT)


def _present(answer: DescribeTaskQueueResponse, now: datetime) -> set[str]:
    return {
        poller.identity for poller in answer.pollers if now - poller.last_access_time.ToDatetime(tzinfo=UTC) < _PRESENT
    }
