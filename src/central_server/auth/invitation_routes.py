from central.invitations.models import (
    AcceptInvitationInput,
    AcceptInvitationResponse,
    GetInvitationPublicInput,
    InvitationPublic,
)
from central.invitations.operations import ACCEPT_INVITATION, GET_INVITATION_PUBLIC
from central_server.auth.accepting import InvitationAcceptance
from central_server.infra.actor import Caller
from central_server.infra.http.handles import handles


class InvitedRoutes:
    """Serves the operations of those who are invited."""

    def __init__(self, acceptance: InvitationAcceptance) -> None:
        self.acceptance = acceptance

    @handles(GET_INVITATION_PUBLIC)
    async def get_public(self, input: GetInvitationPublicInput, caller: Caller) -> InvitationPublic:
        return await self.acceptance.get_public(input)

    @handles(ACCEPT_INVITATION)
    async def accept(self, input: AcceptInvitationInput, caller: Caller) -> AcceptInvitationResponse:
        return await self.acceptance.TX_accept(input, caller)
