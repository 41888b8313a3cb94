"""What Temporal knows of our schedules, and running one now."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from temporalio.client import (
    Client,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionResult,
    ScheduleDescription,
    ScheduleOverlapPolicy,
    WorkflowExecutionStatus,
)
from temporalio.service import RPCError, RPCStatusCode

from central.errors import ConflictError, NotFoundError
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.errors import is_away, temporal_unavailable
from central_server.infra.temporal.schedules import PREFIX
from central_server.infra.temporal.spec import ScheduleSpec

SUCCEEDED: Final = "completed"
"""The outcome of a run that did what it was to do; the others are Temporal's words for how a workflow is or ended."""

_RPC_TIMEOUT: Final = timedelta(seconds=5)
_LOOK_AGAIN: Final = 0.1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """One run that a schedule has started; `outcome` is None where Temporal has forgotten it."""

    workflow_id: str
    started_at: datetime
    outcome: str | None


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """A declared schedule as Temporal has it; `there` is False where it has none, and the rest is empty then.

    `last_success` is the newest of the last ten runs that succeeded.
    """

    name: str
    every: timedelta
    there: bool = False
    paused: bool = False
    next_run: datetime | None = None
    last_run: ScheduledRun | None = None
    last_success: ScheduledRun | None = None


class Timetable:
    """The declared schedules, as they are in Temporal; all methods raise `UnavailableError` while it is away."""

    def __init__(self, connection: TemporalConnection, schedules: Iterable[ScheduleSpec[Any, Any]]) -> None:
        self._connection = connection
        self._declared = {spec.workflow.name: spec for spec in schedules}

    @property
    def names(self) -> list[str]:
        """The names of the schedules: those of their workflows."""
        return sorted(self._declared)

    async def look(self) -> list[ScheduleState]:
        """Give the state of each, by name."""
        return await self._answered(self._look)

    async def trigger(self, name: str, *, seconds: float = 10.0) -> str:
        """Run one now, paused or not, and give its workflow's id, waiting for that so long.

        `NotFoundError` where it is not declared, or not in Temporal; `ConflictError` while a run of it goes on.
        """
        if name not in self._declared:
            raise NotFoundError.of("schedule", name)

        async def start(client: Client) -> str:
            return await _trigger(client, name, seconds)

        return await self._answered(start)

    async def _look(self, client: Client) -> list[ScheduleState]:
        return [await _state_of(client, self._declared[name]) for name in self.names]

    async def _answered(self, ask: Callable[[Client], Awaitable[T]]) -> T:
        # Without this a namespace that is not there would read as schedules that are not.
        if not await self._connection.healthy(timeout=5.0):
            raise temporal_unavailable()
        try:
            return await ask(await self._connection.client())
        except RPCError as error:
            if is_away(error):
                raise temporal_unavailable() from error
            raise


async def _describe(client: Client, name: str) -> ScheduleDescription | None:
    try:
        return await client.get_schedule_handle(f"{PREFIX}{name}").describe(rpc_timeout=_RPC_TIMEOUT)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise


async def _state_of(client: Client, spec: ScheduleSpec[Any, Any]) -> ScheduleState:
    found = await _describe(client, spec.workflow.name)
    if found is None:
        return ScheduleState(spec.workflow.name, spec.every)
    runs = [await _run(client, result) for result in _recent(found)]
    paused = found.schedule.state.paused
    return ScheduleState(
        spec.workflow.name,
        spec.every,
        there=True,
        paused=paused,
        next_run=None if paused else next(iter(found.info.next_action_times), None),
        last_run=next(iter(runs), None),
        last_success=next((run for run in runs if run.outcome == SUCCEEDED), None),
    )


def _recent(found: ScheduleDescription) -> list[ScheduleActionResult]:
    """Give the last runs, the newest first."""
    return list(reversed(found.info.recent_actions))


async def _run(client: Client, result: ScheduleActionResult) -> ScheduledRun:
    started = _started(result)
    status = await _status(client, started.workflow_id, started.first_execution_run_id)
    if status is WorkflowExecutionStatus.CONTINUED_AS_NEW:
        status = await _status(client, started.workflow_id, None)
    return ScheduledRun(started.workflow_id, result.started_at, status.name.lower() if status else None)


async def _status(client: Client, id: str, run: str | None) -> WorkflowExecutionStatus | None:
    handle = client.get_workflow_handle(id, run_id=run)
    try:
        return (await handle.describe(rpc_timeout=_RPC_TIMEOUT)).status
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None


def _started(result: ScheduleActionResult) -> ScheduleActionExecutionStartWorkflow:
    assert isinstance(result.action, ScheduleActionExecutionStartWorkflow), "our schedules start workflows only"
    return result.action


async def _trigger(client: Client, name: str, seconds: float) -> str:
    before = await _describe(client, name)
    if before is None:
        raise NotFoundError.of("schedule in Temporal", name)
    handle = client.get_schedule_handle(before.id)
    await handle.trigger(overlap=ScheduleOverlapPolicy.SKIP, rpc_timeout=_RPC_TIMEOUT)
    skipped = before.info.num_actions_skipped_overlap
    try:
        async with asyncio.timeout(seconds):
            while (now := await handle.describe(rpc_timeout=_RPC_TIMEOUT)).info.num_actions == before.info.num_actions:
                if now.info.num_actions_skipped_overlap > skipped:
                    raise ConflictError(f"A run of {name} goes on already.", code="schedule_runs")
                await asyncio.sleep(_LOOK_AGAIN)
    except TimeoutError as error:
        raise temporal_unavailable() from error
    return _started(_recent(now)[0]).workflow_id
