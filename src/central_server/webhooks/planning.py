from collections.abc import Sequence
from typing import Final

from central.webhooks.events import WebhookPing
from central_server.infra.db import WriteExecutor
from central_server.infra.outbox import DBFeedEvent
from central_server.infra.outbox.listeners import kind_of
from central_server.webhooks.queries.deliveries import PLAN_DELIVERIES, TELL_SENDERS

FOLLOWER: Final = "webhooks.plan_deliveries"
"""Under which name the feed is followed, and under which what cannot be planned is set aside."""

_FOR_ONE: Final = kind_of(WebhookPing)


class DeliveryPlanner:
    """Begins a delivery of each event of the feed to each enabled endpoint of its tenant that wants its kind.

    One statement for all events of all tenants; with what has happened before it is done again without effect. That
    something was delivered is no event, so that none follows from another without end; a ping has its delivery already.
    """

    async def apply(self, events: Sequence[DBFeedEvent], executor: WriteExecutor) -> None:
        """Begin the deliveries, in the transaction in which the feed's reader moves on."""
        planned = [event["id"].uuid for event in events if event["kind"] != _FOR_ONE]
        if await executor.execute(PLAN_DELIVERIES, events=planned):
            await executor.first(TELL_SENDERS)
