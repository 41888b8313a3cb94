from datetime import timedelta

from central_server.infra.temporal.spec import Queue, ScheduleSpec, WorkflowModel, WorkflowSpec


class ExpireInvitationsInput(WorkflowModel):
    """Of how many was told before."""

    told: int = 0


class ExpireInvitationsOutput(WorkflowModel):
    """Of how many was told, and whether no more are due."""

    told: int
    is_last: bool


EXPIRE_INVITATIONS = WorkflowSpec(
    "invitations.expire", Queue.CORE, ExpireInvitationsInput, ExpireInvitationsOutput, run_timeout=timedelta(hours=2)
)
EXPIRE_INVITATIONS_OFTEN = ScheduleSpec(
    EXPIRE_INVITATIONS, ExpireInvitationsInput(), every=timedelta(minutes=5), offset=timedelta(minutes=3)
)
"""Each run tells of the invitations that have run out since the one before."""
