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
from central.webhooks.operations import (
    CREATE_WEBHOOK_ENDPOINT,
    DELETE_WEBHOOK_ENDPOINT,
    DISABLE_WEBHOOK_ENDPOINT,
    ENABLE_WEBHOOK_ENDPOINT,
    GET_WEBHOOK_DELIVERY,
    GET_WEBHOOK_ENDPOINT,
    LIST_WEBHOOK_DELIVERIES,
    LIST_WEBHOOK_ENDPOINTS,
    PING_WEBHOOK_ENDPOINT,
    REDELIVER_FAILED_WEBHOOKS,
    REDELIVER_WEBHOOK,
    ROTATE_WEBHOOK_SECRET,
    UPDATE_WEBHOOK_ENDPOINT,
)
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.webhooks.deliveries import WebhookDeliveries
from central_server.webhooks.removing import EndpointRemoval
from central_server.webhooks.service import WebhookService


class WebhookRoutes:
    """Serves webhook endpoints and their deliveries."""

    def __init__(self, webhooks: WebhookService, removal: EndpointRemoval, deliveries: WebhookDeliveries) -> None:
        self.webhooks = webhooks
        self.removal = removal
        self.deliveries = deliveries

    @handles(CREATE_WEBHOOK_ENDPOINT)
    async def create(self, input: CreateWebhookEndpointInput, actor: Actor) -> WebhookEndpointWithSecret:
        return await self.webhooks.TX_create_endpoint(input, actor)

    @handles(LIST_WEBHOOK_ENDPOINTS)
    async def list(self, input: ListWebhookEndpointsInput, actor: Actor) -> ListWebhookEndpointsResponse:
        return await self.webhooks.list(input, actor)

    @handles(GET_WEBHOOK_ENDPOINT)
    async def get(self, input: GetWebhookEndpointInput, actor: Actor) -> WebhookEndpoint:
        return await self.webhooks.get(input, actor)

    @handles(UPDATE_WEBHOOK_ENDPOINT)
    async def update(self, input: UpdateWebhookEndpointInput, actor: Actor) -> WebhookEndpoint:
        return await self.webhooks.TX_update_endpoint(input, actor)

    @handles(ENABLE_WEBHOOK_ENDPOINT)
    async def enable(self, input: EnableWebhookEndpointInput, actor: Actor) -> WebhookEndpoint:
        return await self.webhooks.TX_enable_endpoint(input, actor)

    @handles(DISABLE_WEBHOOK_ENDPOINT)
    async def disable(self, input: DisableWebhookEndpointInput, actor: Actor) -> WebhookEndpoint:
        return await self.webhooks.TX_disable_endpoint(input, actor)

    @handles(DELETE_WEBHOOK_ENDPOINT)
    async def delete(self, input: DeleteWebhookEndpointInput, actor: Actor) -> None:
        return await self.removal.TX_delete_endpoint(input, actor)

    @handles(ROTATE_WEBHOOK_SECRET)
    async def rotate_secret(self, input: RotateWebhookSecretInput, actor: Actor) -> WebhookEndpointWithSecret:
        return await self.webhooks.TX_rotate_secret(input, actor)

    @handles(PING_WEBHOOK_ENDPOINT)
    async def ping(self, input: PingWebhookEndpointInput, actor: Actor) -> WebhookDelivery:
        return await self.deliveries.TX_ping(input, actor)

    @handles(LIST_WEBHOOK_DELIVERIES)
    async def list_deliveries(self, input: ListWebhookDeliveriesInput, actor: Actor) -> ListWebhookDeliveriesResponse:
        return await self.deliveries.list(input, actor)

    @handles(GET_WEBHOOK_DELIVERY)
    async def get_delivery(self, input: GetWebhookDeliveryInput, actor: Actor) -> WebhookDeliveryDetails:
        return await self.deliveries.get(input, actor)

    @handles(REDELIVER_WEBHOOK)
    async def redeliver(self, input: RedeliverWebhookInput, actor: Actor) -> WebhookDelivery:
        return await self.deliveries.TX_redeliver(input, actor)

    @handles(REDELIVER_FAILED_WEBHOOKS)
    async def redeliver_failed(
        self, input: RedeliverFailedWebhooksInput, actor: Actor
    ) -> RedeliverFailedWebhooksResponse:
        return await self.deliveries.TX_redeliver_failed(input, actor)
