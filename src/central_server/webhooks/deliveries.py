from typing import Any

from central.errors import ConflictError, NotFoundError
from central.kernel.ids import TenantId, WebhookDeliveryId
from central.webhooks.events import WebhookPing, WebhookRedeliveryRequested
from central.webhooks.models import (
    GetWebhookDeliveryInput,
    ListWebhookDeliveriesInput,
    ListWebhookDeliveriesResponse,
    PingWebhookEndpointInput,
    RedeliverFailedWebhooksInput,
    RedeliverFailedWebhooksResponse,
    RedeliverWebhookInput,
    WebhookDelivery,
    WebhookDeliveryDetails,
)
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor
from central_server.webhooks.mapping import delivery_from, details_from
from central_server.webhooks.policy import MOST_ATTEMPTS_SHOWN, MOST_REDELIVERED, check_enabled
from central_server.webhooks.queries import deliveries as queries
from central_server.webhooks.queries.deliveries import DeliveryFilters
from central_server.webhooks.service import WebhookService
from central_server.webhooks.tables import DBWebhookDelivery


class WebhookDeliveries:
    """What became of events on their way to endpoints, and having them sent again."""

    def __init__(self, db: Database, outbox: Outbox, webhooks: WebhookService) -> None:
        self.db = db
        self.outbox = outbox
        self.webhooks = webhooks

    async def list(
        self, input: ListWebhookDeliveriesInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListWebhookDeliveriesResponse:
        """Give a page of deliveries, newest first."""
        asked, last = open_cursor(input)
        which: dict[str, Any] = {name: getattr(asked, name) for name in ("endpoint", "state", "kind")}
        which = {name: value for name, value in which.items() if value is not None}
        filters = DeliveryFilters(**dict.fromkeys(which, True))
        if last is not None:
            which |= {"last_key": last.time, "last_id": last.id}
        query = queries.list_deliveries(filters, goes_on=last is not None)
        reader = executor or self.db.read(actor.tenant_id)
        rows = await reader.all(query, tenant_id=actor.tenant_id, count=asked.limit + 1, **which)
        shown = rows[: asked.limit]
        cursor = next_cursor(asked, shown[-1]["created_at"], shown[-1]["id"]) if len(rows) > asked.limit else None
        return ListWebhookDeliveriesResponse(webhook_deliveries=list(map(delivery_from, shown)), next_cursor=cursor)

    async def get(
        self, input: GetWebhookDeliveryInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> WebhookDeliveryDetails:
        """Give a delivery with its attempts."""
        tenant, reader = actor.tenant_id, executor or self.db.read(actor.tenant_id)
        row = await self._find(tenant, input.delivery, reader)
        attempts = await reader.all(
            queries.LIST_ATTEMPTS, tenant_id=tenant, delivery_id=input.delivery, count=MOST_ATTEMPTS_SHOWN
        )
        return details_from(row, attempts)

    async def TX_ping(self, input: PingWebhookEndpointInput, actor: Actor) -> WebhookDelivery:
        """Send an event that is for this endpoint alone; `ConflictError` when it is disabled."""
        event = WebhookPing(tenant_id=actor.tenant_id, endpoint_id=input.endpoint)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            check_enabled((await self.webhooks.lock(input.endpoint, actor, tx))["enabled"])
            await self.outbox.add(event, actor.by, tx)
            row = await tx.first(
                queries.INSERT_DELIVERY,
                tenant_id=actor.tenant_id,
                endpoint_id=input.endpoint,
                event_id=event.id,
                event_kind=event.kind,
            )
            await tx.first(queries.TELL_SENDERS)
            return delivery_from(_found(row))

    async def TX_redeliver(self, input: RedeliverWebhookInput, actor: Actor) -> WebhookDelivery:
        """Begin a delivery anew; `ConflictError` when its endpoint is disabled, or it is being sent right now."""
        tenant = actor.tenant_id
        async with self.db.write(tenant, actor.unit) as tx:
            endpoint = (await self._find(tenant, input.delivery, tx))["endpoint_id"]
            check_enabled((await self.webhooks.lock(endpoint, actor, tx))["enabled"])
            row = await tx.first(queries.REDELIVER, of_tenant=tenant, of_id=input.delivery)
            if row is None:
                raise ConflictError("It is being sent at this moment.", code="delivery_under_way")
            event = WebhookRedeliveryRequested(tenant_id=tenant, endpoint_id=endpoint, delivery_id=input.delivery)
            await self.outbox.add(event, actor.by, tx)
            await tx.first(queries.TELL_SENDERS)
            return delivery_from(row)

    async def TX_redeliver_failed(
        self, input: RedeliverFailedWebhooksInput, actor: Actor
    ) -> RedeliverFailedWebhooksResponse:
        """Begin all deliveries of an endpoint anew that failed; `ConflictError` when it is disabled."""
        tenant = actor.tenant_id
        async with self.db.write(tenant, actor.unit) as tx:
            check_enabled((await self.webhooks.lock(input.endpoint, actor, tx))["enabled"])
            count = await tx.execute(
                queries.REDELIVER_FAILED,
                of_tenant=tenant,
                of_endpoint=input.endpoint,
                since=input.since,
                count=MOST_REDELIVERED,
            )
            event = WebhookRedeliveryRequested(tenant_id=tenant, endpoint_id=input.endpoint)
            await self.outbox.add(event, actor.by, tx)
            await tx.first(queries.TELL_SENDERS)
            return RedeliverFailedWebhooksResponse(redelivered=count)

    async def _find(self, tenant: TenantId, delivery: WebhookDeliveryId, reader: ReadExecutor) -> DBWebhookDelivery:
        row = await reader.first(queries.GET_DELIVERY, tenant_id=tenant, id=delivery)
        return _found(row)


def _found(row: DBWebhookDelivery | None) -> DBWebhookDelivery:
    if row is None:
        raise NotFoundError.of("webhook delivery")
    return row
