from central.invitations.events import InvitationMailRequested
from central_server.infra.logs import component_logger
from central_server.infra.mail import MailRefusedError
from central_server.invitations.mailing import InvitationMails


class MailInvitation:
    """Mails an invitation."""

    def __init__(self, mails: InvitationMails) -> None:
        self._mails = mails
        self.log = component_logger(self)

    async def handle(self, event: InvitationMailRequested) -> None:
        """Mail at least once; a repeat has the same Message-ID. A mail that is refused for good is not tried again."""
        try:
            await self._mails.TX_mail_invitation(event.tenant_id, event.invitation_id, event.id)
        except MailRefusedError as error:
            self.log.warning("invitation not mailed", invitation=event.invitation_id, reason=error.message)
            await self._mails.TX_give_up(event.tenant_id, event.invitation_id)
