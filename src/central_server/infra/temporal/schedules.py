"""Keeps Temporal's schedules as they are declared: it starts what comes round, whether or not a worker runs."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.client import ScheduleSpec as Times
from temporalio.service import RPCError, RPCStatusCode

from central_server.infra.logs import component_logger
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.spec import ScheduleSpec
from central_server.infra.waiting import wait_for_any

PREFIX: Final = "central."
"""Begins the ids of our schedules, so that those of others are left alone."""

_RPC_TIMEOUT: Final = timedelta(seconds=5)


class ScheduleKeeper:
    """Makes, changes and removes our schedules, so that they are those that are declared; any number may run.

    One that an operator has paused stays so. Delays are in seconds: between attempts while Temporal is away, and
    `again` until the next look, which heals what another release or a lost database left behind.
    """

    def __init__(
        self,
        connection: TemporalConnection,
        schedules: Iterable[ScheduleSpec[Any, Any]],
        *,
        first_delay: float = 0.5,
        last_delay: float = 60.0,
        again: float = 3600.0,
    ) -> None:
        self._connection = connection
        self._declared = {f"{PREFIX}{spec.workflow.name}": _schedule(spec) for spec in schedules}
        self._first_delay = first_delay
        self._last_delay = last_delay
        self._again = again
        self._waiting = False
        self.log = component_logger(self)

    async def run(self, stop: asyncio.Event) -> None:
        """Keep them until `stop` is set, through Temporal's absences."""
        delay = self._first_delay
        while not stop.is_set():
            if await self._try():
                delay = self._first_delay
                await wait_for_any(stop, seconds=self._again)
            else:
                await wait_for_any(stop, seconds=delay)
                delay = min(self._last_delay, delay * 2)

    async def apply(self) -> None:
        """Do it once; raises what Temporal's client raises."""
        client = await self._connection.client()
        for id, schedule in self._declared.items():
            await _put(client, id, schedule)
        async for listed in await client.list_schedules(rpc_timeout=_RPC_TIMEOUT):
            if listed.id.startswith(PREFIX) and listed.id not in self._declared:
                await _remove(client, listed.id)
                self.log.info("schedule removed", schedule=listed.id)

    async def _try(self) -> bool:
        try:
            await self.apply()
        except Exception as error:  # noqa: BLE001 (whatever it is, the worker goes on without, says so and tries again)
            if not self._waiting:
                self.log.warning("schedules wait for temporal", error=str(error), kind=type(error).__name__)
            self._waiting = True
            return False
        self._waiting = False
        return True


def _schedule(spec: ScheduleSpec[Any, Any]) -> Schedule:
    workflow = spec.workflow
    return Schedule(
        action=ScheduleActionStartWorkflow(
            workflow.name,
            spec.input,
            id=f"{PREFIX}{workflow.name}",
            task_queue=workflow.queue.value,
            run_timeout=workflow.run_timeout,
        ),
        spec=Times(intervals=[ScheduleIntervalSpec(every=spec.every, offset=spec.offset)]),
        # What is missed in an absence is made up for once, not once for each time.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=spec.every),
    )


async def _put(client: Client, id: str, schedule: Schedule) -> None:
    def changed(present: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(replace(schedule, state=present.description.schedule.state))

    try:
        await client.create_schedule(id, schedule, rpc_timeout=_RPC_TIMEOUT)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(id).update(changed, rpc_timeout=_RPC_TIMEOUT)


async def _remove(client: Client, id: str) -> None:
    try:
        await client.get_schedule_handle(id).delete(rpc_timeout=_RPC_TIMEOUT)
    except RPCError as error:
        # Another worker was faster, or the list, which lags behind, does not know yet.
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
