from datetime import timedelta

from central.kernel.ids import EventId, SignInId, TenantId
from central_server.infra.temporal.spec import Queue, WorkflowModel, WorkflowSpec


class SendSignInCodeInput(WorkflowModel):
    """Which sign-in waits for its code, and the event that said so. The code itself is made where it is mailed."""

    event_id: EventId
    tenant_id: TenantId
    sign_in_id: SignInId


class SendSignInCodeOutput(WorkflowModel):
    """Whether a mail went out: not to an unknown address, nor for a sign-in that is over."""

    sent: bool


SEND_SIGN_IN_CODE = WorkflowSpec(
    "auth.send_sign_in_code",
    Queue.CORE,
    SendSignInCodeInput,
    SendSignInCodeOutput,
    run_timeout=timedelta(minutes=15),
)
