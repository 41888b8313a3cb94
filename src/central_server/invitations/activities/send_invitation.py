from temporalio import activity

from central_server.infra.db import Database
from central_server.infra.logs import component_logger
from central_server.infra.mail import MailRefusedError
from central_server.infra.outbox import Outbox
from central_server.invitations.mailing import InvitationMails
from central_server.invitations.specs import SendInvitationInput, SendInvitationOutput


class SendInvitationActivity:
    """Mails an invitation, and writes the receipt of the event that asked for it."""

    def __init__(self, mails: InvitationMails, outbox: Outbox, database: Database) -> None:
        self._mails = mails
        self._outbox = outbox
        self._database = database
        self.log = component_logger(self)

    @activity.defn(name="invitations.send_invitation")
    async def send(self, input: SendInvitationInput) -> SendInvitationOutput:
        """Mail at least once; a repeat has the same Message-ID. A mail that is refused for good is not tried again."""
        try:
            sent = await self._mails.TX_mail_invitation(input.tenant_id, input.invitation_id, input.event_id)
        except MailRefusedError as error:
            self.log.warning("invitation not mailed", invitation=input.invitation_id, reason=error.message)
            await self._mails.TX_give_up(input.tenant_id, input.invitation_id)
            sent = False
        async with self._database.write(input.tenant_id) as executor:
            await self._outbox.settle(input.event_id, executor)
        return SendInvitationOutput(sent=sent)
