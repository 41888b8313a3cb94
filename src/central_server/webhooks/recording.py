from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom
from typing import Any, Literal, TypeAlias

from central.webhooks.events import WebhookDisabledReason
from central_server.infra.actor import SYSTEM
from central_server.infra.db import Database, WriteExecutor
from central_server.webhooks.policy import is_gone, next_delay
from central_server.webhooks.queries import sending as queries
from central_server.webhooks.service import WebhookService
from central_server.webhooks.tables import DBClaimedDelivery, DBFailingEndpoint

Outcome: TypeAlias = Literal["delivered", "put_back", "given_up", "disabled"]
"""What came of an attempt: success, another one later, none any more, and none any more to this endpoint."""

_chance = SystemRandom().random


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and what came of it; without an `error` it succeeded. `is_final`: another would be of no use."""

    started_at: datetime
    duration_ms: int
    status: int | None = None
    error: str | None = None
    detail: str | None = None
    answer: str = ""
    retry_after: float | None = None
    is_final: bool = False


class DeliveryOutcomes:
    """Writes down what came of attempts, and what follows from it.

    Of two senders that had the same delivery, since a lease was too short, the later one decides; both attempts count.
    """

    def __init__(self, db: Database, webhooks: WebhookService) -> None:
        self.db = db
        self.webhooks = webhooks

    async def TX_record(self, delivery: DBClaimedDelivery, attempt: Attempt) -> Outcome:
        """Record an attempt: the delivery has ended, or is tried again later.

        The endpoint's row comes first, as when it is deleted, so that the two never wait for each other in a ring.
        """
        async with self.db.write(delivery["tenant_id"]) as tx:
            failed = attempt.error is not None
            outcome = await self._fail(delivery, attempt, tx) if failed else await self._succeed(delivery, attempt, tx)
            await tx.execute(
                queries.INSERT_ATTEMPT,
                **_of_delivery(delivery),
                number=delivery["attempts"],
                started_at=attempt.started_at,
                duration_ms=attempt.duration_ms,
                status=attempt.status,
                error=attempt.error,
                detail=attempt.detail,
                answer=attempt.answer,
            )
        return outcome

    async def _succeed(self, delivery: DBClaimedDelivery, attempt: Attempt, tx: WriteExecutor) -> Outcome:
        await tx.execute(queries.NOTE_SUCCESS, **_of_endpoint(delivery))
        await tx.execute(queries.END_DELIVERY, new_state="delivered", **_outcome_of(delivery, attempt))
        return "delivered"

    async def _fail(self, delivery: DBClaimedDelivery, attempt: Attempt, tx: WriteExecutor) -> Outcome:
        endpoint = await tx.first(queries.NOTE_FAILURE, **_of_endpoint(delivery))
        gone = is_gone(attempt.status)
        delay = None
        if not gone and not attempt.is_final:
            delay = next_delay(delivery["tries"], delivery["failing"], attempt.retry_after, _chance)
        if delay is not None:
            await tx.execute(queries.PUT_BACK, delay=delay, **_outcome_of(delivery, attempt))
            return "put_back"
        await tx.execute(queries.END_DELIVERY, new_state="failed", **_outcome_of(delivery, attempt))
        if gone or (endpoint is not None and not attempt.is_final and _only_failed(delivery, endpoint)):
            reason: WebhookDisabledReason = "gone" if gone else "failing"
            await self.webhooks.disable(delivery["tenant_id"], delivery["endpoint_id"], reason, SYSTEM, tx)
            return "disabled"
        return "given_up"


def _only_failed(delivery: DBClaimedDelivery, endpoint: DBFailingEndpoint) -> bool:
    """Whether the endpoint has taken nothing since this delivery, which is given up now, failed for the first time."""
    began = delivery["first_failed_at"]
    return began is not None and endpoint["failing_since"] <= began


def _of_delivery(delivery: DBClaimedDelivery) -> dict[str, Any]:
    return {"of_tenant": delivery["tenant_id"], "of_id": delivery["id"]}


def _of_endpoint(delivery: DBClaimedDelivery) -> dict[str, Any]:
    return {"of_tenant": delivery["tenant_id"], "of_endpoint": delivery["endpoint_id"]}


def _outcome_of(delivery: DBClaimedDelivery, attempt: Attempt) -> dict[str, Any]:
    claim = {"claimed": delivery["attempts"]}
    return {**_of_delivery(delivery), **claim, "status": attempt.status, "error": attempt.error}
