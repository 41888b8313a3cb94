"""The sender: brings deliveries to their endpoints, at least once each.

As the relay it follows rows: each says when it is due next, and is claimed by a lease. The request is made between two
transactions. Whoever dies between the request and its record leaves a lease that runs out, and the delivery is sent
again, with the same id. Several senders may run.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from central_server.infra.db import Database
from central_server.infra.logs import component_logger
from central_server.infra.telemetry import NO_TRACES, Traces
from central_server.infra.troubles import Troubles
from central_server.infra.waiting import wait_for_any
from central_server.webhooks.claiming import Claimed, ClaimLimits, DeliveryClaims
from central_server.webhooks.recording import DeliveryOutcomes, Outcome
from central_server.webhooks.requests import WebhookRequests
from central_server.webhooks.tables import CHANNEL

_STATS = {"delivered": "delivered", "put_back": "failed", "given_up": "given_up", "disabled": "given_up"}


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """How a sender works. Times are in seconds; `concurrency` is how many requests it has under way at once."""

    poll: float = 1.0
    concurrency: int = 128
    measure: float = 15.0
    limits: ClaimLimits = field(default_factory=ClaimLimits)


@dataclass(frozen=True, slots=True)
class SenderStats:
    """Counters since the start; and, as last measured, how many deliveries are due and the oldest for how long.

    `failed` attempts are followed by others, after `given_up` ones none comes; `errors` came to no end of their own.
    """

    delivered: int = 0
    failed: int = 0
    given_up: int = 0
    disabled: int = 0
    errors: int = 0
    waiting: int = 0
    lag: float = 0.0


class WebhookSender:
    """Runs beside a worker until told to stop."""

    def __init__(
        self,
        database: Database,
        claims: DeliveryClaims,
        requests: WebhookRequests,
        outcomes: DeliveryOutcomes,
        settings: SenderSettings | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._database = database
        self._claims = claims
        self._requests = requests
        self._outcomes = outcomes
        self._settings = settings or SenderSettings()
        self._traces = traces
        self._wake = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._measured_at = float("-inf")
        self.stats = SenderStats()
        self.log = component_logger(self)
        self._troubles = Troubles("webhook sender", self.log)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; what is under way by then is still brought to its end."""
        listener = await self._database.listen(CHANNEL, lambda _: self._wake.set())
        try:
            while not stop.is_set():
                self._wake.clear()
                await self._try_pass()
                await wait_for_any(stop, self._wake, seconds=self._settings.poll)
        finally:
            await listener.close()
            await self.finish()

    async def TX_pass(self) -> int:
        """Take on what is due, as far as there is room; gives how many deliveries that were."""
        room = self._settings.concurrency - len(self._under_way)
        claimed = await self._claim(room) if room > 0 else ()
        for one in claimed:
            task = asyncio.create_task(self._deliver(one))
            self._under_way.add(task)
            task.add_done_callback(self._done)
        return len(claimed)

    async def finish(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._under_way)

    async def measure(self) -> SenderStats:
        """Count what is due, and give the stats with it."""
        backlog = await self._claims.TX_backlog()
        self._measured_at = monotonic()
        self.stats = replace(self.stats, waiting=backlog["waiting"], lag=backlog["oldest"])
        return self.stats

    async def _claim(self, room: int) -> Sequence[Claimed]:
        with self._traces.working("claim webhooks") as work:
            claimed = await self._claims.TX_claim(room, self._settings.limits)
            work.found(claimed=len(claimed))
        return claimed

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._wake.set()

    async def _try_pass(self) -> None:
        try:
            await self.TX_pass()
            if monotonic() - self._measured_at > self._settings.measure:
                await self.measure()
        except Exception as error:  # noqa: BLE001 (the sender outlives whatever it is; leases run out)
            self._troubles.note(error)
        else:
            self._troubles.note(None)

    async def _deliver(self, claimed: Claimed) -> None:
        try:
            outcome = await self._attempt(claimed)
        except Exception as error:  # noqa: BLE001 (one that fails stops no other; its lease runs out)
            self._count("errors")
            self.log.warning("webhook attempt lost", delivery=claimed.delivery["id"], error=type(error).__name__)
            return
        self._count(_STATS[outcome])
        if outcome == "disabled":
            self._count("disabled")
            self.log.warning("webhook endpoint disabled", endpoint=claimed.delivery["endpoint_id"])

    async def _attempt(self, claimed: Claimed) -> Outcome:
        delivery = claimed.delivery
        written = (delivery["payload"] or {}).get("traceparent")
        with self._traces.delivering(delivery["attempts"], written) as note:
            attempt = await self._requests.send(claimed)
            outcome = await self._outcomes.TX_record(delivery, attempt)
            note(outcome, attempt.error)
        return outcome

    def _count(self, name: str) -> None:
        self.stats = replace(self.stats, **{name: getattr(self.stats, name) + 1})
