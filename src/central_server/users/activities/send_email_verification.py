from temporalio import activity

from central_server.infra.db import Database
from central_server.infra.logs import component_logger
from central_server.infra.mail import MailRefusedError
from central_server.infra.outbox import Outbox
from central_server.users.specs import SendEmailVerificationInput, SendEmailVerificationOutput
from central_server.users.verifications import EmailVerifications


class SendEmailVerificationActivity:
    """Mails the code of a verification, and writes the receipt of the event that asked for it."""

    def __init__(self, verifications: EmailVerifications, outbox: Outbox, database: Database) -> None:
        self._verifications = verifications
        self._outbox = outbox
        self._database = database
        self.log = component_logger(self)

    @activity.defn(name="users.send_email_verification")
    async def send(self, input: SendEmailVerificationInput) -> SendEmailVerificationOutput:
        """Mail at least once; a repeat has the same Message-ID. A mail that is refused for good is not tried again."""
        try:
            sent = await self._verifications.TX_mail_code(input.tenant_id, input.verification_id, input.event_id)
        except MailRefusedError as error:
            self.log.warning("code not mailed", verification=input.verification_id, reason=error.message)
            sent = False
        async with self._database.write(input.tenant_id) as executor:
            await self._outbox.settle(input.event_id, executor)
        return SendEmailVerificationOutput(sent=sent)
