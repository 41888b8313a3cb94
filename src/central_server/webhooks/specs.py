from datetime import timedelta

from central.kernel.ids import EventId, TenantId, WebhookEndpointId
from central_server.infra.temporal.spec import Queue, WorkflowModel, WorkflowSpec


class TellOwnersInput(WorkflowModel):
    """Which endpoint was disabled, and the event that said so."""

    event_id: EventId
    tenant_id: TenantId
    endpoint_id: WebhookEndpointId


class TellOwnersOutput(WorkflowModel):
    """To how many owners a mail went: to none when somebody disabled it, or it is enabled again."""

    sent: int


TELL_OWNERS = WorkflowSpec(
    "webhooks.tell_owners", Queue.CORE, TellOwnersInput, TellOwnersOutput, run_timeout=timedelta(days=3, hours=1)
)
