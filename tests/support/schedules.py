"""Schedules of the tests' own."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio.service import RPCError

from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.schedules import PREFIX
from central_server.infra.temporal.spec import ScheduleSpec, WorkflowModel, WorkflowSpec


def hourly(workflow: WorkflowSpec[Any, Any], input: WorkflowModel) -> ScheduleSpec[Any, Any]:
    """Declare a schedule that is on no list, whatever other schedule the workflow has."""
    registry = dict(ScheduleSpec.registry)
    ScheduleSpec.registry.clear()
    try:
        return ScheduleSpec(workflow, input, every=timedelta(hours=1))
    finally:
        ScheduleSpec.registry.clear()
        ScheduleSpec.registry.update(registry)


async def remove_schedules(connection: TemporalConnection, names: Iterable[str]) -> None:
    """Remove those that there are of these, so that none goes on after a test."""
    client = await connection.client()
    for name in names:
        with suppress(RPCError):
            await client.get_schedule_handle(f"{PREFIX}{name}").delete()
