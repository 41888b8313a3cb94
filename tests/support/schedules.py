"""Schedules of the tests' own."""

from datetime import timedelta
from typing import Any

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
