from datetime import timedelta

from central.kernel.ids import EventId, InvitationId, TenantId
from central_server.infra.temporal.spec import Queue, WorkflowModel, WorkflowSpec


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
