from datetime import timedelta

from central_server.infra.temporal.spec import Queue, ScheduleSpec, WorkflowModel, WorkflowSpec
from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput

__all__ = ["CLEAN_UP", "CLEAN_UP_HOURLY", "CleanUpInput", "CleanUpOutput", "DeleteEndedInput", "DeleteEndedOutput"]


class CleanUpInput(WorkflowModel):
    """Nothing: what has ended is found by the clock."""


class CleanUpOutput(WorkflowModel):
    """How many rows of which kind were deleted."""

    deleted: dict[str, int]


CLEAN_UP = WorkflowSpec("upkeep.clean_up", Queue.CORE, CleanUpInput, CleanUpOutput, run_timeout=timedelta(hours=6))
CLEAN_UP_HOURLY = ScheduleSpec(CLEAN_UP, CleanUpInput(), every=timedelta(hours=1), offset=timedelta(minutes=41))
"""Each run deletes what was kept long enough; how long that is, each domain says."""
