from datetime import timedelta

from central.kernel.ids import EventId, InvitationId, TenantId
from central_server.infra.temporal.spec import Queue, ScheduleSpec, WorkflowModel, WorkflowSpec


class SendInvitationInput(WorkflowModel):
    """Which invitation waits to be mailed, and the event that said so. The link is opened where it is mailed."""

    event_id: EventId
    tenant_id: TenantId
    invitation_id: InvitationId


class SendInvitationOutput(WorkflowModel):
    """Whether a mail went out: not for an invitation that is over, or whose link was mailed already."""

    sent: bool


SEND_INVITATION = WorkflowSpec(
    "invitations.send_invitation",
    Queue.CORE,
    SendInvitationInput,
    SendInvitationOutput,
    run_timeout=timedelta(hours=25),
)


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
