from central.auth.events import EmailCodeRequested
from central_server.auth.specs import SEND_SIGN_IN_CODE, SendSignInCodeInput
from central_server.infra.outbox import Listener

LISTENERS = (
    Listener(
        EmailCodeRequested,
        SEND_SIGN_IN_CODE,
        lambda event: SendSignInCodeInput(event_id=event.id, tenant_id=event.tenant_id, sign_in_id=event.sign_in_id),
    ),
)
