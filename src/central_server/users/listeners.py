from central.users.events import UserEmailVerificationRequested
from central_server.infra.outbox import Listener
from central_server.users.specs import SEND_EMAIL_VERIFICATION, SendEmailVerificationInput

LISTENERS = (
    Listener(
        UserEmailVerificationRequested,
        SEND_EMAIL_VERIFICATION,
        lambda event: SendEmailVerificationInput(
            event_id=event.id, tenant_id=event.tenant_id, verification_id=event.verification_id
        ),
    ),
)
