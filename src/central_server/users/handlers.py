from central.images.events import ImageDeleted
from central.users.events import UserEmailVerificationRequested, UserPrimaryEmailChanged
from central_server.infra.logs import component_logger
from central_server.infra.mail import MailRefusedError
from central_server.users.avatars import UserAvatars
from central_server.users.email_changes import EmailChanges
from central_server.users.verifications import EmailVerifications


class ForgetAvatar:
    """Takes pictures that were deleted from whoever had them."""

    def __init__(self, avatars: UserAvatars) -> None:
        self._avatars = avatars

    async def handle(self, event: ImageDeleted) -> None:
        """Take it away; nobody may have it."""
        await self._avatars.TX_forget(event.tenant_id, event.image_id)


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
