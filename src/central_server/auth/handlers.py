from central.auth.events import EmailCodeRequested
from central_server.auth.codes import EmailCodes
from central_server.infra.logs import component_logger
from central_server.infra.mail import MailRefusedError


class MailSignInCode:
    """Mails the code of a sign-in."""

    def __init__(self, codes: EmailCodes) -> None:
        self._codes = codes
        self.log = component_logger(self)

    async def handle(self, event: EmailCodeRequested) -> None:
        """Mail at least once; a repeat has the same Message-ID. A mail that is refused for good is not tried again."""
        try:
            await self._codes.TX_mail_code(event.tenant_id, event.sign_in_id, event.id)
        except MailRefusedError as error:
            self.log.warning("code not mailed", sign_in=event.sign_in_id, reason=error.message)
