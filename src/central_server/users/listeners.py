from central.images.events import ImageDeleted
from central.users.events import UserEmailVerificationRequested, UserPrimaryEmailChanged
from central_server.infra.outbox import BatchListener, Retries
from central_server.users.handlers import ForgetAvatar, MailEmailChange, MailEmailVerification

# A code, for as long as it is worth anything; a notice, so that a weekend without a mail server loses none.
_CODE_RETRIES = Retries(first=1, last=30, within=600)
_NOTICE_RETRIES = Retries(first=1, last=600, within=3 * 86_400)

LISTENERS = (
    BatchListener(
        "users.mail_email_verification", UserEmailVerificationRequested, MailEmailVerification, retries=_CODE_RETRIES
    ),
    BatchListener("users.forget_avatar", ImageDeleted, ForgetAvatar),
    BatchListener("users.mail_email_change", UserPrimaryEmailChanged, MailEmailChange, retries=_NOTICE_RETRIES),
)
