from temporalio import activity

from central_server.infra.upkeep.telling import PAGE, tell_page
from central_server.invitations.expiry import InvitationExpiry
from central_server.invitations.specs import ExpireInvitationsInput, ExpireInvitationsOutput


class ExpireInvitationsActivity:
    """Tells of invitations that have run out, a page of them at a time."""

    def __init__(self, expiry: InvitationExpiry) -> None:
        self._expiry = expiry

    @activity.defn(name="invitations.expire")
    async def tell(self, input: ExpireInvitationsInput) -> ExpireInvitationsOutput:
        """Tell of a page of them; what was told before is not told again."""
        due = await self._expiry.TX_list_due(PAGE)
        told, is_last = await tell_page(due, self._expiry.TX_expire, activity.heartbeat)
        return ExpireInvitationsOutput(told=input.told + told, is_last=is_last)
