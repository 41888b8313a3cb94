from temporalio import activity

from central_server.auth.codes import EmailCodes
from central_server.auth.specs import SendSignInCodeInput, SendSignInCodeOutput
from central_server.infra.db import Database
from central_server.infra.logs import component_logger
from central_server.infra.mail import MailRefusedError
from central_server.infra.outbox import Outbox


class SendSignInCodeActivity:
    """Mails the code of a sign-in, and writes the receipt of the event that asked for it."""

    def __init__(self, codes: EmailCodes, outbox: Outbox, database: Database) -> None:
        self._codes = codes
        self._outbox = outbox
        self._database = database
        self.log = component_logger(self)

    @activity.defn(name="auth.send_sign_in_code")
    async def send(self, input: SendSignInCodeInput) -> SendSignInCodeOutput:
        """Mail at least once; a repeat has the same Message-ID. A mail that is refused for good is not tried again."""
        try:
            sent = await self._codes.TX_mail_code(input.tenant_id, input.sign_in_id, input.event_id)
        except MailRefusedError as error:
            self.log.warning("code not mailed", sign_in=input.sign_in_id, reason=error.message)
            sent = False
        async with self._database.write(input.tenant_id) as executor:
            await self._outbox.settle(input.event_id, executor)
        return SendSignInCodeOutput(sent=sent)
