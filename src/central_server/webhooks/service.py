from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from central.errors import ConflictError, NotFoundError, ValidationFailedError
from central.kernel.ids import TenantId, WebhookEndpointId
from central.webhooks.events import (
    WebhookDisabledReason,
    WebhookEndpointCreated,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointUpdated,
    WebhookSecretRotated,
)
from central.webhooks.models import (
    CreateWebhookEndpointInput,
    DisableWebhookEndpointInput,
    EnableWebhookEndpointInput,
    GetWebhookEndpointInput,
    ListWebhookEndpointsInput,
    ListWebhookEndpointsResponse,
    RotateWebhookSecretInput,
    UpdateWebhookEndpointInput,
    WebhookEndpoint,
    WebhookEndpointWithSecret,
)
from central_server.infra.actor import Actor, By
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.outbound import OutboundClient, OutboundError
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor
from central_server.webhooks.mapping import endpoint_from
from central_server.webhooks.policy import check_room, check_sees_events
from central_server.webhooks.queries import endpoints as queries
from central_server.webhooks.signing_secrets import SigningSecrets
from central_server.webhooks.tables import DBWebhookEndpoint

T = TypeVar("T")


class WebhookService:
    """The endpoints that tenants have their events sent to.

    Where one leads is judged when it is named, and again, by what the name resolves to, whenever it is called.
    """

    def __init__(self, db: Database, outbox: Outbox, secrets: SigningSecrets, outbound: OutboundClient) -> None:
        self.db = db
        self.outbox = outbox
        self.secrets = secrets
        self.outbound = outbound

    async def get_endpoint_by_id(
        self, tenant: TenantId, endpoint: WebhookEndpointId, executor: ReadExecutor | WriteExecutor | None = None
    ) -> WebhookEndpoint | None:
        """Find an endpoint."""
        row = await (executor or self.db.read(tenant)).first(queries.GET_ENDPOINT, tenant_id=tenant, id=endpoint)
        return None if row is None else await self._described(row, executor)

    async def with_endpoint_by_id(
        self,
        tenant: TenantId,
        endpoint: WebhookEndpointId,
        use: Callable[[WebhookEndpoint], Awaitable[T]],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> T:
        """Find an endpoint and use it; `NotFoundError` when there is none."""
        return await use(_found(await self.get_endpoint_by_id(tenant, endpoint, executor)))

    async def get(
        self, input: GetWebhookEndpointInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> WebhookEndpoint:
        """Give an endpoint of the actor's tenant."""
        return _found(await self.get_endpoint_by_id(actor.tenant_id, input.endpoint, executor))

    async def list(
        self, input: ListWebhookEndpointsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListWebhookEndpointsResponse:
        """Give a page of the endpoints of the actor's tenant, oldest first."""
        asked, position = open_cursor(input)
        which: dict[str, Any] = {"tenant_id": actor.tenant_id, "count": asked.limit + 1}
        query = queries.LIST_ENDPOINTS
        if position is not None:
            query = queries.LIST_ENDPOINTS_AFTER
            which |= {"after_key": position.time, "after_id": position.id}
        rows = await (executor or self.db.read(actor.tenant_id)).all(query, **which)
        shown = rows[: asked.limit]
        cursor = next_cursor(asked, shown[-1]["created_at"], shown[-1]["id"]) if len(rows) > asked.limit else None
        secrets = await self.secrets.list_of(actor.tenant_id, [row["id"] for row in shown], executor)
        endpoints = [endpoint_from(row, [s for s in secrets if s["endpoint_id"] == row["id"]]) for row in shown]
        return ListWebhookEndpointsResponse(webhook_endpoints=endpoints, next_cursor=cursor)

    async def TX_create_endpoint(self, input: CreateWebhookEndpointInput, actor: Actor) -> WebhookEndpointWithSecret:
        """Create an endpoint with its first secret; `ConflictError` when the tenant has no room for it."""
        check_sees_events(actor)
        self.check_url(input.url)
        tenant, id = actor.tenant_id, WebhookEndpointId.new()
        async with self.db.write(tenant, actor.unit) as tx:
            await tx.first(queries.LOCK_ROOM, room_key=f"webhook endpoints|{tenant}")
            check_room(await tx.scalar(queries.COUNT_ENDPOINTS, tenant_id=tenant))
            row = await tx.first(
                queries.INSERT_ENDPOINT,
                tenant_id=tenant,
                id=id,
                url=input.url,
                description=input.description,
                kinds=sorted(set(input.kinds)),
                enabled=input.enabled,
                created_by=actor.user_id,
            )
            secret = await self.secrets.insert(tenant, id, tx)
            await self.outbox.add(WebhookEndpointCreated(tenant_id=tenant, endpoint_id=id, version=1), actor.by, tx)
            return WebhookEndpointWithSecret(endpoint=await self._described(_found(row), tx), secret=secret)

    async def TX_update_endpoint(self, input: UpdateWebhookEndpointInput, actor: Actor) -> WebhookEndpoint:
        """Change an endpoint; `ConflictError` for a stale version."""
        check_sees_events(actor)
        if input.url is not None:
            self.check_url(input.url)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.lock(input.endpoint, actor, tx)
            if input.expected_version not in {None, before["version"]}:
                raise ConflictError(
                    "Somebody else changed this endpoint first; read it again.", code="version_conflict"
                )
            is_described = "description" in input.model_fields_set
            row = await tx.first(
                queries.UPDATE_ENDPOINT,
                of_tenant=actor.tenant_id,
                of_id=input.endpoint,
                new_url=input.url or before["url"],
                new_description=input.description if is_described else before["description"],
                new_kinds=before["kinds"] if input.kinds is None else sorted(set(input.kinds)),
            )
            event = WebhookEndpointUpdated.between(
                before, _found(row), tenant_id=actor.tenant_id, endpoint_id=input.endpoint
            )
            await self.outbox.add(event, actor.by, tx)
            return await self._described(_found(row), tx)

    async def TX_enable_endpoint(self, input: EnableWebhookEndpointInput, actor: Actor) -> WebhookEndpoint:
        """Enable an endpoint; one that is enabled already stays so."""
        check_sees_events(actor)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            row = await tx.first(queries.ENABLE_ENDPOINT, of_tenant=actor.tenant_id, of_id=input.endpoint)
            if row is not None:
                event = WebhookEndpointEnabled(
                    tenant_id=actor.tenant_id, endpoint_id=input.endpoint, version=row["version"]
                )
                await self.outbox.add(event, actor.by, tx)
            return _found(await self.get_endpoint_by_id(actor.tenant_id, input.endpoint, tx))

    async def TX_disable_endpoint(self, input: DisableWebhookEndpointInput, actor: Actor) -> WebhookEndpoint:
        """Disable an endpoint; one that is disabled already stays as it is."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self.disable(actor.tenant_id, input.endpoint, "by_hand", actor.by, tx)
            return _found(await self.get_endpoint_by_id(actor.tenant_id, input.endpoint, tx))

    async def disable(
        self,
        tenant: TenantId,
        endpoint: WebhookEndpointId,
        reason: WebhookDisabledReason,
        by: By,
        executor: WriteExecutor,
    ) -> bool:
        """Disable an endpoint, as part of more steps; False when it is disabled already, or there is none.

        What waits for it is given up by the senders, some at a time.
        """
        row = await executor.first(queries.DISABLE_ENDPOINT, of_tenant=tenant, of_id=endpoint, new_reason=reason)
        if row is None:
            return False
        event = WebhookEndpointDisabled(tenant_id=tenant, endpoint_id=endpoint, reason=reason, version=row["version"])
        await self.outbox.add(event, by, executor)
        return True

    async def TX_rotate_secret(self, input: RotateWebhookSecretInput, actor: Actor) -> WebhookEndpointWithSecret:
        """Give an endpoint a new secret, and the old one an end."""
        tenant = actor.tenant_id
        async with self.db.write(tenant, actor.unit) as tx:
            await self.lock(input.endpoint, actor, tx)
            secret = await self.secrets.rotate(tenant, input.endpoint, input.overlap, tx)
            row = await tx.first(queries.TOUCH_ENDPOINT, of_tenant=tenant, of_id=input.endpoint)
            shown = await self._described(_found(row), tx)
            event = WebhookSecretRotated(tenant_id=tenant, endpoint_id=input.endpoint, version=shown.version)
            await self.outbox.add(event, actor.by, tx)
            return WebhookEndpointWithSecret(endpoint=shown, secret=secret)

    async def lock(self, endpoint: WebhookEndpointId, actor: Actor, executor: WriteExecutor) -> DBWebhookEndpoint:
        """Keep an endpoint as it is until the end of the transaction; `NotFoundError` when there is none."""
        locked = await executor.first(queries.LOCK_ENDPOINT, tenant_id=actor.tenant_id, id=endpoint)
        return _found(locked)

    async def TX_count_disabled(self, days: int) -> int:
        """Count the endpoints of all tenants that were disabled within so many days since nothing succeeded."""
        async with self.db.platform_read("webhook endpoints were disabled", routine=True) as reader:
            count: int = await reader.scalar(queries.COUNT_DISABLED, days=days)
        return count

    def check_url(self, url: str) -> None:
        """Refuse an address that is never called, whatever its name resolves to; `ValidationFailedError`."""
        try:
            self.outbound.check_url(url)
        except OutboundError as error:
            raise ValidationFailedError.of("url", str(error), code=error.reason) from None

    async def _described(
        self, row: DBWebhookEndpoint, executor: ReadExecutor | WriteExecutor | None
    ) -> WebhookEndpoint:
        return endpoint_from(row, await self.secrets.list_of(row["tenant_id"], [row["id"]], executor))


def _found(value: T | None) -> T:
    if value is None:
        raise NotFoundError.of("webhook endpoint")
    return value
