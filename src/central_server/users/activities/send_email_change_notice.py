from temporalio import activity

from central_server.infra.db import Database
from central_server.infra.logs import component_logger
from central_server.infra.mail import MailRefusedError
from central_server.infra.outbox import Outbox
from central_server.users.email_changes import EmailChanges
from central_server.users.specs import SendEmailChangeNoticeInput, SendEmailChangeNoticeOutput


class SendEmailChangeNoticeActivity:
    """Mails the notice of a changed address, and writes the receipt of the event that asked for it."""

    def __init__(self, changes: EmailChanges, outbox: Outbox, database: Database) -> None:
        self._changes = changes
        self._outbox = outbox
        self._database = database
        self.log = component_logger(self)

    @activity.defn(name="users.send_email_change_notice")
    async def send(self, input: SendEmailChangeNoticeInput) -> SendEmailChangeNoticeOutput:
        """Mail at least once; a repeat has the same Message-ID. A mail that is refused for good is not tried again."""
        try:
            sent = await self._changes.TX_mail_notice(input.tenant_id, input.change_id, input.event_id)
        except MailRefusedError as error:
            self.log.warning("notice not mailed", change=input.change_id, reason=error.message)
            await self._changes.TX_forget(input.tenant_id, input.change_id)
            sent = False
        async with self._database.write(input.tenant_id) as executor:
            await self._outbox.settle(input.event_id, executor)
        return SendEmailChangeNoticeOutput(sent=sent)
