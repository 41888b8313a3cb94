from types import NoneType

from central.access import TenantPermission
from central.errors import ConflictError, NotFoundError
from central.kernel.operation import Operation
from central.webhooks.models import (
    CreateWebhookEndpointInput,
    DeleteWebhookEndpointInput,
    DisableWebhookEndpointInput,
    EnableWebhookEndpointInput,
    GetWebhookDeliveryInput,
    GetWebhookEndpointInput,
    ListWebhookDeliveriesInput,
    ListWebhookDeliveriesResponse,
    ListWebhookEndpointsInput,
    ListWebhookEndpointsResponse,
    PingWebhookEndpointInput,
    RedeliverFailedWebhooksInput,
    RedeliverFailedWebhooksResponse,
    RedeliverWebhookInput,
    RotateWebhookSecretInput,
    UpdateWebhookEndpointInput,
    WebhookDelivery,
    WebhookDeliveryDetails,
    WebhookEndpoint,
    WebhookEndpointWithSecret,
)

_READ = TenantPermission("webhooks:read")
_WRITE = TenantPermission("webhooks:write")
_WRITE_FRESH = TenantPermission("webhooks:write", fresh=True)

CREATE_WEBHOOK_ENDPOINT = Operation(
    "webhooks.create_endpoint",
    "POST",
    "/v1/tenants/{tenant}/webhook-endpoints",
    CreateWebhookEndpointInput,
    WebhookEndpointWithSecret,
    access=_WRITE_FRESH,
    summary="Have a tenant's events sent to an address",
    errors=(NotFoundError, ConflictError),
    status=201,
    description="The signing secret is in this answer and nowhere else. It takes `events:read` as well: whoever "
    "receives the events sees them.",
    secret=True,
)
LIST_WEBHOOK_ENDPOINTS = Operation(
    "webhooks.list_endpoints",
    "GET",
    "/v1/tenants/{tenant}/webhook-endpoints",
    ListWebhookEndpointsInput,
    ListWebhookEndpointsResponse,
    access=_READ,
    summary="List endpoints, oldest first",
    errors=(NotFoundError,),
)
GET_WEBHOOK_ENDPOINT = Operation(
    "webhooks.get_endpoint",
    "GET",
    "/v1/tenants/{tenant}/webhook-endpoints/{endpoint}",
    GetWebhookEndpointInput,
    WebhookEndpoint,
    access=_READ,
    summary="Get an endpoint",
    errors=(NotFoundError,),
)
UPDATE_WEBHOOK_ENDPOINT = Operation(
    "webhooks.update_endpoint",
    "PATCH",
    "/v1/tenants/{tenant}/webhook-endpoints/{endpoint}",
    UpdateWebhookEndpointInput,
    WebhookEndpoint,
    access=_WRITE_FRESH,
    summary="Change an endpoint's address, description or kinds",
    errors=(NotFoundError, ConflictError),
    description="It takes `events:read` as well.",
)
ENABLE_WEBHOOK_ENDPOINT = Operation(
    "webhooks.enable_endpoint",
    "POST",
    "/v1/tenants/{tenant}/webhook-endpoints/{endpoint}/enable",
    EnableWebhookEndpointInput,
    WebhookEndpoint,
    access=_WRITE_FRESH,
    summary="Enable a disabled endpoint: it gets what happens from now on",
    errors=(NotFoundError,),
)
DISABLE_WEBHOOK_ENDPOINT = Operation(
    "webhooks.disable_endpoint",
    "POST",
    "/v1/tenants/{tenant}/webhook-endpoints/{endpoint}/disable",
    DisableWebhookEndpointInput,
    WebhookEndpoint,
    access=_WRITE_FRESH,
    summary="Disable an endpoint: nothing is sent to it, and what waits for it fails",
    errors=(NotFoundError,),
)
DELETE_WEBHOOK_ENDPOINT = Operation(
    "webhooks.delete_endpoint",
    "DELETE",
    "/v1/tenants/{tenant}/webhook-endpoints/{endpoint}",
    DeleteWebhookEndpointInput,
    NoneType,
    access=_WRITE_FRESH,
    summary="Delete an endpoint with its deliveries and secrets",
    errors=(NotFoundError,),
    status=204,
)
ROTATE_WEBHOOK_SECRET = Operation(
    "webhooks.rotate_secret",
    "POST",
    "/v1/tenants/{tenant}/webhook-endpoints/{endpoint}/rotate-secret",
    RotateWebhookSecretInput,
    WebhookEndpointWithSecret,
    access=_WRITE_FRESH,
    summary="Give an endpoint a new signing secret; the old one stays valid for a while",
    errors=(NotFoundError,),
    description="The secret is in this answer and nowhere else. Until the old one ends, bodies are signed with both. "
    "There are two at most: an older one ends at once.",
    secret=True,
)
PING_WEBHOOK_ENDPOINT = Operation(
    "webhooks.ping",
    "POST",
    "/v1/tenants/{tenant}/webhook-endpoints/{endpoint}/ping",
    PingWebhookEndpointInput,
    WebhookDelivery,
    access=_WRITE,
    summary="Send a `webhook.ping` event to one endpoint, to try it",
    errors=(NotFoundError, ConflictError),
    status=201,
)
LIST_WEBHOOK_DELIVERIES = Operation(
    "webhooks.list_deliveries",
    "GET",
    "/v1/tenants/{tenant}/webhook-deliveries",
    ListWebhookDeliveriesInput,
    ListWebhookDeliveriesResponse,
    access=_READ,
    summary="List deliveries by endpoint, state or kind of event, newest first",
    errors=(NotFoundError,),
)
GET_WEBHOOK_DELIVERY = Operation(
    "webhooks.get_delivery",
    "GET",
    "/v1/tenants/{tenant}/webhook-deliveries/{delivery}",
    GetWebhookDeliveryInput,
    WebhookDeliveryDetails,
    access=_READ,
    summary="Get a delivery with its attempts",
    errors=(NotFoundError,),
)
REDELIVER_WEBHOOK = Operation(
    "webhooks.redeliver",
    "POST",
    "/v1/tenants/{tenant}/webhook-deliveries/{delivery}/redeliver",
    RedeliverWebhookInput,
    WebhookDelivery,
    access=_WRITE,
    summary="Send a delivery now, whatever became of it, and try for a day again",
    errors=(NotFoundError, ConflictError),
)
REDELIVER_FAILED_WEBHOOKS = Operation(
    "webhooks.redeliver_failed",
    "POST",
    "/v1/tenants/{tenant}/webhook-endpoints/{endpoint}/redeliver-failed",
    RedeliverFailedWebhooksInput,
    RedeliverFailedWebhooksResponse,
    access=_WRITE,
    summary="Send again what an endpoint did not take since a time",
    errors=(NotFoundError, ConflictError),
)

OPERATIONS = (
    CREATE_WEBHOOK_ENDPOINT,
    LIST_WEBHOOK_ENDPOINTS,
    GET_WEBHOOK_ENDPOINT,
    UPDATE_WEBHOOK_ENDPOINT,
    ENABLE_WEBHOOK_ENDPOINT,
    DISABLE_WEBHOOK_ENDPOINT,
    DELETE_WEBHOOK_ENDPOINT,
    ROTATE_WEBHOOK_SECRET,
    PING_WEBHOOK_ENDPOINT,
    LIST_WEBHOOK_DELIVERIES,
    GET_WEBHOOK_DELIVERY,
    REDELIVER_WEBHOOK,
    REDELIVER_FAILED_WEBHOOKS,
)
