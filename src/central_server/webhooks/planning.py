from collections.abc import Sequence
from typing import Final, Protocol

from central.kernel.ids import EventId, TenantId
from central.webhooks.events import WebhookPing
from central_server.infra.db import WriteExecutor
from central_server.infra.outbox.listeners import kind_of
from central_server.webhooks.queries.deliveries import PLAN_DELIVERIES, TELL_SENDERS

_FOR_ONE: Final = kind_of(WebhookPing)


class FeedEvent(Protocol):
    """What planning needs of an event of the feed."""

    @property
    def id(self) -> EventId:
        """Which event it is."""
        ...

    @property
    def tenant_id(self) -> TenantId:
        """Whose it is."""
        ...

    @property
    def kind(self) -> str:
        """What it is about."""
        ...


class DeliveryPlanner:
    """Begins a delivery of each event of the feed to each enabled endpoint of its tenant that wants its kind.

    One statement for all events of all tenants; with what has happened before it is done again without effect. That
    something was delivered is no event, so that none follows from another without end; a ping has its delivery already.
    """

    async def apply(self, events: Sequence[FeedEvent], executor: WriteExecutor) -> None:
        """Begin the deliveries, in the transaction in which the feed's reader moves on."""
        planned = [event for event in events if event.kind != _FOR_ONE]
        begun = await executor.execute(
            PLAN_DELIVERIES,
            events=[event.id.uuid for event in planned],
            tenants=[event.tenant_id.uuid for event in planned],
            kinds=[event.kind for event in planned],
        )
        if begun:
            await executor.first(TELL_SENDERS)
