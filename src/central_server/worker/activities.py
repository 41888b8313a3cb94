from central_server.auth.activities.send_sign_in_code import SendSignInCodeActivity
from central_server.media.activities.ping import PingActivity

CORE_ACTIVITIES: tuple[type, ...] = (SendSignInCodeActivity,)
MEDIA_ACTIVITIES: tuple[type, ...] = (PingActivity,)
