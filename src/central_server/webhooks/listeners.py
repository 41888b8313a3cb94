from central.webhooks.events import WebhookEndpointDisabled
from central_server.infra.outbox import Listener
from central_server.webhooks.specs import TELL_OWNERS, TellOwnersInput

LISTENERS = (
    Listener(
        WebhookEndpointDisabled,
        TELL_OWNERS,
        lambda event: TellOwnersInput(event_id=event.id, tenant_id=event.tenant_id, endpoint_id=event.endpoint_id),
    ),
)
