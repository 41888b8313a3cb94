"""Receivers of webhooks, and senders that tests run step by step."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Self

from central.kernel.ids import EventId
from central.webhooks.models import WebhookDelivery, WebhookDeliveryDetails
from central_client import AsyncCentral
from central_server.infra.db import Database
from central_server.infra.outbound import OutboundClient
from central_server.infra.outbox import DBFeedEvent
from central_server.webhooks.claiming import ClaimLimits, DeliveryClaims
from central_server.webhooks.planning import DeliveryPlanner
from central_server.webhooks.recording import DeliveryOutcomes
from central_server.webhooks.requests import WebhookRequests
from central_server.webhooks.sending import SenderSettings, WebhookSender
from central_server.webhooks.signing_secrets import SigningSecrets
from support.database import superuser
from support.http_server import HttpServer, Reply, Request
from support.place import Place, Stack
from support.waiting import until


class Receiver:
    """An integrator's server: remembers what came, and answers with what stands next in `replies`, else with 200."""

    def __init__(self, *replies: Reply, delay: float = 0.0) -> None:
        self.requests: list[Request] = []
        self.replies = list(replies)
        self.always: Reply | None = None
        self.delay = delay
        self.under_way = 0
        self.most_under_way = 0
        self.server = HttpServer(self._handle)

    @property
    def url(self) -> str:
        return f"{self.server.url}/hooks"

    @property
    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.requests]

    async def got(self, count: int, seconds: float = 15.0) -> None:
        """Wait until so many requests have come; `TimeoutError` when they do not."""

        async def are_there() -> bool:
            return len(self.requests) >= count

        await until(are_there, seconds)

    async def _handle(self, request: Request) -> Reply:
        self.requests.append(request)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.delay)
        finally:
            self.under_way -= 1
        return self.always or (self.replies.pop(0) if self.replies else Reply(200, b"thanks"))

    async def __aenter__(self) -> Self:
        await self.server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.server.stop()


async def happened(place: Place) -> list[DBFeedEvent]:
    """Give everything that has happened in a tenant since it has an endpoint."""
    async with superuser(place.stack) as connection:
        query = (
            "SELECT id, kind FROM outbox WHERE tenant_id = $1 AND created_at >="
            " coalesce((SELECT min(created_at) FROM webhook_endpoints WHERE tenant_id = $1), '-infinity')"
            " ORDER BY created_at, id"
        )
        rows = await connection.fetch(query, place.tenant.id.uuid)
    return [
        DBFeedEvent(
            id=EventId.from_uuid(row["id"]), tenant_id=place.tenant.id, kind=row["kind"], payload={}, position=0
        )
        for row in rows
    ]


async def apply(stack: Stack, events: Sequence[DBFeedEvent]) -> None:
    """Plan the deliveries of events as the feed's reader does."""
    database = await stack.central.container.get(Database)
    planner = await stack.central.container.get(DeliveryPlanner)
    async with database.platform_write("tests plan") as tx:
        await planner.apply(events, tx)


async def plan(place: Place, *kinds: str) -> list[DBFeedEvent]:
    """Plan the deliveries of what has happened since a tenant has an endpoint, or of these kinds; gives the events."""
    events = [event for event in await happened(place) if not kinds or event["kind"] in kinds]
    await apply(place.stack, events)
    return events


async def make_sender(
    stack: Stack,
    *,
    outbound: OutboundClient | None = None,
    requests: Callable[[OutboundClient, SigningSecrets], WebhookRequests] = WebhookRequests,
    per_endpoint: int = 4,
    per_tenant: int = 16,
    lease: float = 60.0,
    **settings: Any,
) -> WebhookSender:
    """Make a sender as a worker's container does, with other limits if need be."""
    get = stack.central.container.get
    limits = ClaimLimits(per_endpoint, per_tenant, lease)
    return WebhookSender(
        await get(Database),
        await get(DeliveryClaims),
        requests(outbound or await get(OutboundClient), await get(SigningSecrets)),
        await get(DeliveryOutcomes),
        replace(SenderSettings(poll=0.05, limits=limits), **settings),
    )


async def send_due(sender: WebhookSender) -> int:
    """Send what is due now; gives how many deliveries that were."""
    count = await sender.TX_pass()
    await sender.finish()
    return count


@asynccontextmanager
async def sending(*senders: WebhookSender) -> AsyncIterator[None]:
    """Run senders meanwhile."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(sender.run(stop)) for sender in senders]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def endpoint_at(client: AsyncCentral, receiver: Receiver, *kinds: str) -> tuple[Any, str]:
    """Make an endpoint for a receiver; gives it and its secret."""
    made = await client.webhooks.create_endpoint(url=receiver.url, kinds=list(kinds) or ["webhook.ping"])
    return made.endpoint, made.secret


async def details(client: AsyncCentral, delivery: WebhookDelivery) -> WebhookDeliveryDetails:
    """Look at a delivery again."""
    return await client.webhooks.get_delivery(delivery=delivery.id)


async def run_sql(place: Place, statement: str, *arguments: Any) -> list[Any]:
    """Run a statement above all walls; `$1` is the tenant."""
    async with superuser(place.stack) as connection:
        rows: list[Any] = await connection.fetch(statement, place.tenant.id.uuid, *arguments)
    return rows


async def make_due(place: Place, seconds: float = 1.0) -> None:
    """Let so much time pass for what waits in a tenant: leases run out, and it is due."""
    await run_sql(
        place,
        "UPDATE webhook_deliveries SET next_attempt_at = now() - make_interval(secs => $2),"
        " claimed_until = CASE WHEN claimed_until IS NULL THEN NULL ELSE now() - interval '1 second' END"
        " WHERE tenant_id = $1 AND state = 'waiting'",
        seconds,
    )
