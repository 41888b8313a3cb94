from central.errors import NotFoundError
from central.webhooks.events import WebhookEndpointDeleted
from central.webhooks.models import DeleteWebhookEndpointInput, DisableWebhookEndpointInput
from central_server.infra.actor import Actor
from central_server.infra.db import Database
from central_server.infra.outbox import Outbox
from central_server.webhooks.queries.deliveries import DELETE_DELIVERIES_OF, HAS_MORE_DELIVERIES
from central_server.webhooks.queries.endpoints import DELETE_ENDPOINT
from central_server.webhooks.service import WebhookService

BATCH = 2000
"""Deliveries that one statement deletes, with their attempts, well within the limit of its time."""


class EndpointRemoval:
    """Removes endpoints, of which one may have had a month of deliveries.

    An endpoint with more than a batch of them is disabled first, and emptied a batch at a time: whatever ends that in
    between leaves an endpoint that gets nothing any more, and that is deleted by asking once more.
    """

    def __init__(self, db: Database, outbox: Outbox, webhooks: WebhookService) -> None:
        self.db = db
        self.outbox = outbox
        self.webhooks = webhooks

    async def TX_delete_endpoint(self, input: DeleteWebhookEndpointInput, actor: Actor) -> None:
        """Delete an endpoint with its secrets and deliveries; `NotFoundError` when there is none."""
        if await self._has_many(input, actor):
            await self.webhooks.TX_disable_endpoint(DisableWebhookEndpointInput(endpoint=input.endpoint), actor)
            while await self._TX_delete_deliveries(input, actor) == BATCH:
                pass
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            if not await tx.execute(DELETE_ENDPOINT, tenant_id=actor.tenant_id, id=input.endpoint):
                raise NotFoundError.of("webhook endpoint")
            event = WebhookEndpointDeleted(tenant_id=actor.tenant_id, endpoint_id=input.endpoint)
            await self.outbox.add(event, actor.by, tx)

    async def _has_many(self, input: DeleteWebhookEndpointInput, actor: Actor) -> bool:
        which = {"of_tenant": actor.tenant_id, "of_endpoint": input.endpoint}
        return bool(await self.db.read(actor.tenant_id).scalar(HAS_MORE_DELIVERIES, **which, count=BATCH))

    async def _TX_delete_deliveries(self, input: DeleteWebhookEndpointInput, actor: Actor) -> int:
        which = {"of_tenant": actor.tenant_id, "of_endpoint": input.endpoint}
        async with self.db.write(actor.tenant_id) as tx:
            return await tx.execute(DELETE_DELIVERIES_OF, **which, count=BATCH)
