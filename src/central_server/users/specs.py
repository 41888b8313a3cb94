from datetime import timedelta

from central_server.infra.temporal.spec import Queue, ScheduleSpec, WorkflowModel, WorkflowSpec


class EndRolesInput(WorkflowModel):
    """Of how many was told before."""

    told: int = 0


class EndRolesOutput(WorkflowModel):
    """Of how many was told, and whether no more are due."""

    told: int
    is_last: bool


END_ROLES = WorkflowSpec("users.end_roles", Queue.CORE, EndRolesInput, EndRolesOutput, run_timeout=timedelta(hours=2))
END_ROLES_OFTEN = ScheduleSpec(END_ROLES, EndRolesInput(), every=timedelta(minutes=5), offset=timedelta(minutes=1))
"""Each run tells of the roles that have ended since the one before."""
