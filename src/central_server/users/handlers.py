from central.users.events import UserEmailVerificationRequested, UserPrimaryEmailChanged
from central_server.infra.logs import component_logger
from central_server.infra.mail import MailRefusedError
from central_server.users.email_changes import EmailChanges
from central_server.users.verifications import EmailVerifications


class MailEmailVerification:
    """Mails the code of a verification."""

    def __init__(self, verifications: EmailVerifications) -> None:
        self._verifications = verifications
        self.log = component_logger(self)

    async def handle(self, event: UserEmailVerificationRequested) -> None:
        """Mail at least once; a repeat has the same Message-ID. A mail that is refused for good is not tried again."""
        try:
            await self._verifications.TX_mail_code(event.tenant_id, event.verification_id, event.id)
        except MailRefusedError as error:
            self.log.warning("code not mailed", verification=event.verification_id, reason=error.message)


class MailEmailChange:
    """Mails the notice of a changed address to the former one."""

    def __init__(self, changes: EmailChanges) -> None:
        self._changes = changes
        self.log = component_logger(self)

    async def handle(self, event: UserPrimaryEmailChanged) -> None:
        """Mail at least once; a repeat has the same Message-ID. A mail that is refused for good is not tried again."""
        try:
            await self._changes.TX_mail_notice(event.tenant_id, event.change_id, event.id)
        except MailRefusedError as error:
            self.log.warning("notice not mailed", change=event.change_id, reason=error.message)
            await self._changes.TX_forget(event.tenant_id, event.change_id)
