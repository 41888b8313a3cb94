from datetime import timedelta

from central.kernel.ids import EmailChangeId, EmailVerificationId, EventId, TenantId
from central_server.infra.temporal.spec import Queue, ScheduleSpec, WorkflowModel, WorkflowSpec


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


class SendEmailChangeNoticeInput(WorkflowModel):
    """Which change of an address is to be told to the former one, and the event that said so."""

    event_id: EventId
    tenant_id: TenantId
    change_id: EmailChangeId


class SendEmailChangeNoticeOutput(WorkflowModel):
    """Whether a mail went out: not for a change that was told or taken back already."""

    sent: bool


SEND_EMAIL_CHANGE_NOTICE = WorkflowSpec(
    "users.send_email_change_notice",
    Queue.CORE,
    SendEmailChangeNoticeInput,
    SendEmailChangeNoticeOutput,
    run_timeout=timedelta(hours=73),
)


class EndRolesInput(WorkflowModel):
    """Of how many was told before."""

    told: int = 0


class EndRolesOutput(WorkflowModel):
    """Of how many was told, and whether no more are due."""

    told: int
    is_last: bool


END_ROLES = WorkflowSpec("users.end_roles", Queue.CORE, EndRolesInput, EndRolesOutput, run_timeout=timedelta(hours=2))
END_ROLES_OFTEN = ScheduleSpec(END_ROLES, EndRolesInput(), every=timedelta(minutes=5), offset=timedelta(minutes=1))
"""Each run tells of the roles that have ended since the one before."""
