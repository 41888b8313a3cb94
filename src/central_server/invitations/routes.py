from central.invitations.models import (
    CreateInvitationInput,
    CreateInvitationResponse,
    CreateInvitationsInput,
    CreateInvitationsResponse,
    GetInvitationInput,
    Invitation,
    ListInvitationsInput,
    ListInvitationsResponse,
    ResendInvitationInput,
    RevokeInvitationInput,
)
from central.invitations.operations import (
    CREATE_INVITATION,
    CREATE_INVITATIONS,
    GET_INVITATION,
    LIST_INVITATIONS,
    RESEND_INVITATION,
    REVOKE_INVITATION,
)
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.invitations.batches import InvitationBatches
from central_server.invitations.service import InvitationService


class InvitationRoutes:
    """Serves the operations on invitations, but for those of whom they invite."""

    def __init__(self, invitations: InvitationService, batches: InvitationBatches) -> None:
        self.invitations = invitations
        self.batches = batches

    @handles(CREATE_INVITATION)
    async def create(self, input: CreateInvitationInput, actor: Actor) -> CreateInvitationResponse:
        return await self.invitations.TX_create_invitation(input, actor)

    @handles(CREATE_INVITATIONS)
    async def create_many(self, input: CreateInvitationsInput, actor: Actor) -> CreateInvitationsResponse:
        return await self.batches.TX_create_invitations(input, actor)

    @handles(LIST_INVITATIONS)
    async def list(self, input: ListInvitationsInput, actor: Actor) -> ListInvitationsResponse:
        return await self.invitations.list(input, actor)

    @handles(GET_INVITATION)
    async def get(self, input: GetInvitationInput, actor: Actor) -> Invitation:
        return await self.invitations.get(input, actor)

    @handles(RESEND_INVITATION)
    async def resend(self, input: ResendInvitationInput, actor: Actor) -> Invitation:
        return await self.invitations.TX_resend_invitation(input, actor)

    @handles(REVOKE_INVITATION)
    async def revoke(self, input: RevokeInvitationInput, actor: Actor) -> Invitation:
        return await self.invitations.TX_revoke_invitation(input, actor)
