from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from central.kernel.ids import WebhookEndpointId
from central_server.infra.db import Database
from central_server.webhooks.queries import sending as queries
from central_server.webhooks.signing_secrets import SigningSecrets
from central_server.webhooks.tables import DBClaimedDelivery, DBWebhookBacklog, DBWebhookSecret


@dataclass(frozen=True, slots=True)
class ClaimLimits:
    """How many requests run at once, by all senders together, and for how many seconds one is a sender's own.

    A lease is longer than a request may take with what it takes to record it.
    """

    per_endpoint: int = 4
    per_tenant: int = 16
    lease: float = 60.0


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is this sender's for a while, and the sealed secrets to sign it with."""

    delivery: DBClaimedDelivery
    secrets: Sequence[DBWebhookSecret] = field(repr=False)


class DeliveryClaims:
    """Which deliveries a sender takes on.

    Slowness is its owner's alone: no endpoint and no tenant has more requests under way than its limit, and whoever has
    fewer comes first.
    """

    def __init__(self, db: Database, secrets: SigningSecrets) -> None:
        self.db = db
        self.secrets = secrets

    async def TX_claim(self, most: int, limits: ClaimLimits) -> list[Claimed]:
        """Take on up to so many deliveries that are due, for the length of a lease.

        What waits for a disabled endpoint is given up on the way.
        """
        async with self.db.platform_write("webhook senders claim", routine=True) as tx:
            if not await tx.scalar(queries.IS_ANY_DUE):
                return []
            await tx.first(queries.LOCK_CLAIMS)
            await tx.execute(queries.GIVE_UP_UNWANTED, most=1000)
            deliveries = await tx.all(
                queries.CLAIM,
                most=most,
                per_endpoint=limits.per_endpoint,
                per_tenant=limits.per_tenant,
                lease=limits.lease,
            )
            endpoints = {(delivery["tenant_id"], delivery["endpoint_id"]) for delivery in deliveries}
            secrets = _by_endpoint(await self.secrets.list_to_sign(endpoints, tx))
        return [Claimed(delivery, secrets[delivery["endpoint_id"]]) for delivery in deliveries]

    async def TX_backlog(self) -> DBWebhookBacklog:
        """Count what is due in all tenants, and say for how long the oldest has been."""
        async with self.db.platform_read("webhook backlog", routine=True) as reader:
            backlog = await reader.first(queries.BACKLOG)
        assert backlog is not None, "it counts"
        return backlog


def _by_endpoint(secrets: Sequence[DBWebhookSecret]) -> Mapping[WebhookEndpointId, list[DBWebhookSecret]]:
    found: dict[WebhookEndpointId, list[DBWebhookSecret]] = defaultdict(list)
    for secret in secrets:
        found[secret["endpoint_id"]].append(secret)
    return found
