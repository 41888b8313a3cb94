from central.invitations.events import InvitationMailRequested
from central_server.infra.outbox import Listener
from central_server.invitations.specs import SEND_INVITATION, SendInvitationInput

LISTENERS = (
    Listener(
        InvitationMailRequested,
        SEND_INVITATION,
        lambda event: SendInvitationInput(
            event_id=event.id, tenant_id=event.tenant_id, invitation_id=event.invitation_id
        ),
    ),
)
