from datetime import timedelta

from central.kernel.ids import EmailVerificationId, EventId, TenantId
from central_server.infra.temporal.spec import Queue, WorkflowModel, WorkflowSpec


class SendEmailVerificationInput(WorkflowModel):
    """Which verification waits for its code, and the event that said so."""

    event_id: EventId
    tenant_id: TenantId
    verification_id: EmailVerificationId


class SendEmailVerificationOutput(WorkflowModel):
    """Whether a mail went out: not for a verification that is over."""

    sent: bool


SEND_EMAIL_VERIFICATION = WorkflowSpec(
    "users.send_email_verification",
    Queue.CORE,
    SendEmailVerificationInput,
    SendEmailVerificationOutput,
    run_timeout=timedelta(minutes=15),
)
