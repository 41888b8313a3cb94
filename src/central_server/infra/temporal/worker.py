import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from importlib.metadata import version
from typing import Any, Final, cast

import structlog
from temporalio.client import Client
from temporalio.worker import Interceptor, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.errors import temporal_unavailable
from central_server.infra.temporal.interceptors import ActivityReports
from central_server.infra.temporal.meter import ActivityMeter
from central_server.infra.temporal.spec import Queue
from central_server.infra.waiting import wait_for_any

_PASSED_THROUGH = ("central", "pydantic", "pydantic_core", "annotated_types", "structlog", "ulid")
# Temporal's own is a hash of all loaded code, which takes more than a second.
_BUILD_ID = version("central")
_log = structlog.get_logger(__name__)
WORKFLOW_TASKS: Final = 100
"""How many steps of workflows a worker does at once, which is Temporal's own choice."""

ActivityMethod = Callable[..., Awaitable[Any]]


def sandboxed(workflows: Sequence[type]) -> SandboxedWorkflowRunner:
    """Give the runner that imports the workflows' own files anew for each run and shares everything else.

    Shared modules escape the sandbox's checks, so only the workflow files and the (empty) packages above them
    are left in it: a clock, a file or a random number used in a workflow raises there.
    """
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*_PASSED_THROUGH, *_shared(workflows))
    )


def activity_methods(activities: Iterable[object]) -> list[ActivityMethod]:
    """Find the methods marked `@activity.defn` of activity objects; an object without one is a `TypeError`."""
    found: list[ActivityMethod] = []
    for holder in activities:
        methods = [
            getattr(holder, name)
            for name in dir(type(holder))
            if hasattr(getattr(type(holder), name), "__temporal_activity_definition")
        ]
        if not methods:
            raise TypeError(f"{type(holder).__name__} has no method marked @activity.defn")
        found.extend(cast("list[ActivityMethod]", methods))
    return found


def build_worker(
    client: Client,
    queue: Queue,
    *,
    workflows: Sequence[type],
    activities: Sequence[object],
    max_activities: int = 50,
    drain_seconds: float = 20.0,
    interceptors: Sequence[Interceptor] = (),
) -> Worker:
    """Build a worker for a queue; on shutdown its activities have `drain_seconds` before they are cancelled."""
    return Worker(
        client,
        task_queue=queue.value,
        workflows=workflows,
        activities=activity_methods(activities),
        workflow_runner=sandboxed(workflows),
        interceptors=[ActivityReports(), *interceptors],
        max_concurrent_activities=max_activities,
        max_concurrent_workflow_tasks=WORKFLOW_TASKS,
        build_id=_BUILD_ID,
        graceful_shutdown_timeout=timedelta(seconds=drain_seconds),
    )


class QueueWorker:
    """Serves one queue for as long as it is wanted, through Temporal's absences.

    `first_delay` and `last_delay` bound the waits between attempts, in seconds.
    """

    def __init__(
        self,
        connection: TemporalConnection,
        queue: Queue,
        *,
        workflows: Sequence[type],
        activities: Sequence[object],
        max_activities: int = 50,
        drain_seconds: float = 20.0,
        first_delay: float = 0.5,
        last_delay: float = 15.0,
        meter: ActivityMeter | None = None,
    ) -> None:
        self._connection = connection
        self._queue = queue
        self._workflows = workflows
        self._activities = activities
        self._max_activities = max_activities
        self._drain_seconds = drain_seconds
        self._meter = meter
        self._first_delay = first_delay
        self._last_delay = last_delay
        self._served = self._waiting = False
        self._log = _log.bind(queue=queue.value)
        if meter is not None:
            meter.serve(queue, max_activities)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then drain: running activities may end, no new ones begin."""
        delay = self._first_delay
        while not stop.is_set():
            try:
                await self._serve(stop)
            except Exception as error:  # noqa: BLE001 (whatever it is, the worker says so and tries again)
                delay = self._first_delay if self._served else min(self._last_delay, delay * 2)
                if self._waits_since_log():
                    self._log.warning("worker waits for temporal", error=str(error), kind=type(error).__name__)
                await wait_for_any(stop, seconds=delay)

    def _waits_since_log(self) -> bool:
        """Whether this is the first failure since the worker last served, or ever."""
        first, self._served, self._waiting = self._served or not self._waiting, False, True
        return first

    async def _serve(self, stop: asyncio.Event) -> None:
        if not await self._connection.healthy():
            raise temporal_unavailable()
        meters = [] if self._meter is None else [self._meter]
        worker = build_worker(
            await self._connection.client(),
            self._queue,
            workflows=self._workflows,
            activities=self._activities,
            max_activities=self._max_activities,
            drain_seconds=self._drain_seconds,
            interceptors=meters,
        )
        serving = asyncio.create_task(worker.run())
        self._served = True
        self._log.info("worker serves", address=self._connection.address)
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            if not serving.done():
                await worker.shutdown()
        await serving
        self._log.info("worker stopped")


def _shared(workflows: Sequence[type]) -> list[str]:
    """List the loaded modules of the server but the workflows' own files and the packages above them."""
    own = {workflow.__module__ for workflow in workflows}
    roots = {"central_server", *(name.partition(".")[0] for name in own)}
    return [
        name
        for name in sys.modules
        if name.partition(".")[0] in roots and not any(f"{file}.".startswith(f"{name}.") for file in own)
    ]
