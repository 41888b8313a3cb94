from central_server.auth.activities.send_sign_in_code import SendSignInCodeActivity
from central_server.auth_connectors.activities.warn_of_secrets import WarnOfSecretsActivity
from central_server.domains.activities.recheck_domains import RecheckDomainsActivity
from central_server.invitations.activities.send_invitation import SendInvitationActivity
from central_server.media.activities.ping import PingActivity
from central_server.users.activities.send_email_change_notice import SendEmailChangeNoticeActivity
from central_server.users.activities.send_email_verification import SendEmailVerificationActivity

CORE_ACTIVITIES: tuple[type, ...] = (
    SendSignInCodeActivity,
    SendEmailVerificationActivity,
    SendEmailChangeNoticeActivity,
    RecheckDomainsActivity,
    WarnOfSecretsActivity,
    SendInvitationActivity,
)
MEDIA_ACTIVITIES: tuple[type, ...] = (PingActivity,)
