from central.users.events import UserEmailVerificationRequested, UserPrimaryEmailChanged
from central_server.infra.outbox import Listener
from central_server.users.specs import (
    SEND_EMAIL_CHANGE_NOTICE,
    SEND_EMAIL_VERIFICATION,
    SendEmailChangeNoticeInput,
    SendEmailVerificationInput,
)

LISTENERS = (
    Listener(
        UserEmailVerificationRequested,
        SEND_EMAIL_VERIFICATION,
        lambda event: SendEmailVerificationInput(
            event_id=event.id, tenant_id=event.tenant_id, verification_id=event.verification_id
        ),
    ),
    Listener(
        UserPrimaryEmailChanged,
        SEND_EMAIL_CHANGE_NOTICE,
        lambda event: SendEmailChangeNoticeInput(
            event_id=event.id, tenant_id=event.tenant_id, change_id=event.change_id
        ),
    ),
)
