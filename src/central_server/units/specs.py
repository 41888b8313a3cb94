from datetime import timedelta

from central_server.infra.temporal.spec import Queue, ScheduleSpec, WorkflowModel, WorkflowSpec


class TellAssignmentsInput(WorkflowModel):
    """Of how many was told before."""

    told: int = 0


class TellAssignmentsOutput(WorkflowModel):
    """Of how many was told, and whether no more are due."""

    told: int
    is_last: bool


TELL_ASSIGNMENTS = WorkflowSpec(
    "units.tell_assignments", Queue.CORE, TellAssignmentsInput, TellAssignmentsOutput, run_timeout=timedelta(hours=2)
)
TELL_ASSIGNMENTS_OFTEN = ScheduleSpec(TELL_ASSIGNMENTS, TellAssignmentsInput(), every=timedelta(minutes=1))
"""Each run tells of the assignments that have begun or ended since the one before."""
