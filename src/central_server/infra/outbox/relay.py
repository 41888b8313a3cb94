"""The relay: gives events their places in the feed, and brings them to the listeners, at least once each.

It follows rows, not a position: each handover says when it is due next, and is claimed by a lock that others skip. It
is done when its receipt is there (`Outbox.settle`), not when its workflow has started; until then it comes due again.
So neither a late commit, nor a crash between any two steps, nor a Temporal that has lost its data leaves an event
behind. Several relays may run.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic
from typing import Any, NamedTuple, Protocol
from uuid import UUID, uuid4

from central.errors import UnavailableError
from central.kernel.ids import TenantId
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.logs import component_logger
from central_server.infra.outbox.absence import Absence
from central_server.infra.outbox.failures import text_of
from central_server.infra.outbox.listeners import Listeners, WorkflowListener
from central_server.infra.outbox.settings import Backlog, Behind, RelaySettings, RelayStats
from central_server.infra.outbox.specs import HAND_OVER, HandOverInput
from central_server.infra.outbox.statements.backlog import BACKLOGS, COUNT_UNPLACED, LIST_FOLLOWERS
from central_server.infra.outbox.statements.handovers import (
    CLAIM,
    CLAIM_AGAIN,
    GIVE_UP,
    LIST_DUE,
    LOCK_POSITIONS,
    PLACE,
    PUT_BACK,
    PUT_BACK_UNCOUNTED,
    TELL_FEED,
)
from central_server.infra.outbox.tables import CHANNEL, DBHandedEvent, HandoverState
from central_server.infra.telemetry import NO_TRACES, Traces, Work
from central_server.infra.temporal.spec import WorkflowModel, WorkflowSpec
from central_server.infra.troubles import Troubles
from central_server.infra.waiting import wait_for_any

FIRST_TENANT = TenantId.from_uuid(UUID(int=0))
"""Stands before every tenant."""


class Starter(Protocol):
    """What the relay needs of `TemporalDispatcher`."""

    async def start(self, spec: WorkflowSpec[Any, Any], input: WorkflowModel, *, id: str) -> str:
        """Start a workflow, or leave the one of that id alone."""
        ...


class Batch(NamedTuple):
    """Events that were claimed for a listener, under one number."""

    listener: str
    id: UUID
    events: Sequence[DBHandedEvent]


class Taken(NamedTuple):
    """What a pass has in hand, and whether there may be more at once."""

    batches: Sequence[Batch]
    is_full: bool


class Failure(NamedTuple):
    """A claimed event whose workflow could not be started, and why."""

    listener: str
    event: DBHandedEvent
    error: Exception

    @property
    def is_absence(self) -> bool:
        """Whether it says nothing about the event: Temporal is away."""
        return isinstance(self.error, UnavailableError)


class Relay:
    """Runs beside a worker until told to stop."""

    def __init__(
        self,
        database: Database,
        starter: Starter,
        listeners: Listeners,
        settings: RelaySettings | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._database = database
        self._starter = starter
        self._listeners = listeners
        self._settings = settings or RelaySettings()
        self._traces = traces
        self._heard = {
            "kinds": [listener.kind for listener in listeners],
            "listeners": [listener.name for listener in listeners],
            "within": [listener.retries.within for listener in listeners],
        }
        # For the listeners that may have more due: behind which tenant to go on, None to begin with the first one.
        self._behind: dict[str, TenantId | None] = {}
        self._wake = asyncio.Event()
        self._absence = Absence(self._settings.first_away_delay, self._settings.last_away_delay)
        self._starting = asyncio.Semaphore(self._settings.concurrency)
        self._measured_at = float("-inf")
        self.stats = RelayStats(backlogs={name: Backlog() for name in listeners.names})
        self.log = component_logger(self)
        self._troubles = Troubles("relay", self.log)

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop` is set; what was claimed by then is still started."""
        listener = await self._database.listen(CHANNEL, lambda _: self._wake.set())
        try:
            while not stop.is_set():
                self._wake.clear()
                if not await self._try_pass():
                    await self._rest(stop)
        finally:
            await listener.close()

    async def TX_pass(self) -> bool:
        """Give new events their places, and start a batch of what is due; whether there may be more at once."""
        with self._traces.working("relay events") as work:
            return await self._pass(work)

    async def _pass(self, work: Work) -> bool:
        taken = await self._take(work)
        outcomes = await asyncio.gather(*(self._hand(batch) for batch in taken.batches))
        failures = [failure for outcome in outcomes for failure in outcome]
        claimed = sum(len(batch.events) for batch in taken.batches)
        work.found(failed=len(failures))
        self._count(dispatched=claimed - len(failures), batches=len(taken.batches))
        self._note_absence(failures, started=claimed - len(failures))
        await self._put_back(failures)
        return taken.is_full and not self._absence

    async def measure(self) -> RelayStats:
        """Count what waits, and give the stats with it."""
        async with self._database.platform_read("outbox backlog", routine=True) as reader:
            backlogs = await reader.all(BACKLOGS)
            unplaced = await reader.first(COUNT_UNPLACED)
            followers = await reader.all(LIST_FOLLOWERS)
        assert unplaced is not None
        self._measured_at = monotonic()
        by_listener = {name: Backlog() for name in self._listeners.names}
        for row in backlogs:
            by_listener[row["listener"]] = Backlog(row["waiting"], row["handed"], row["dead"], row["lag"])
        self.stats = replace(
            self.stats,
            backlogs=by_listener,
            followers={row["name"]: Behind(row["behind"], row["lag"]) for row in followers},
            unplaced=unplaced["unplaced"],
            unplaced_lag=unplaced["lag"],
        )
        return self.stats

    async def _try_pass(self) -> bool:
        try:
            more = await self.TX_pass()
            if monotonic() - self._measured_at > self._settings.measure:
                await self.measure()
        except Exception as error:  # noqa: BLE001 (the relay outlives whatever it is; claimed rows come due again)
            self._troubles.note(error)
            return False
        self._troubles.note(None)
        return more

    async def _rest(self, stop: asyncio.Event) -> None:
        if self._absence:
            await wait_for_any(stop, seconds=min(self._absence.remaining, self._settings.poll))
        else:
            await wait_for_any(stop, self._wake, seconds=self._settings.poll)

    async def _take(self, work: Work) -> Taken:
        dead = self.stats.dead
        async with self._database.platform_write("outbox relay", routine=True) as tx:
            placed = await self._place(tx)
            # While Temporal is away nothing is claimed, but one event when it is time to try with.
            limit = self._settings.batch if not self._absence else 0 if self._absence.remaining else 1
            due = await tx.all(LIST_DUE, listeners=self._listeners.names) if limit else []
            batches, behind = list[Batch](), self._behind
            self._behind = {}
            for row in due[:1] if self._absence else due:
                batches += await self._claim(row["listener"], behind.get(row["listener"]), limit, tx)
            claimed = sum(len(batch.events) for batch in batches)
            work.found(placed=placed, claimed=claimed, batches=len(batches), given_up=self.stats.dead - dead)
        return Taken(batches, placed == self._settings.places or bool(self._behind))

    async def _place(self, tx: WriteExecutor) -> int:
        """Put new events into the feed, be Temporal there or not; nothing while another relay does."""
        if not await tx.scalar(LOCK_POSITIONS):
            return 0
        placed = int(await tx.scalar(PLACE, **self._heard, places=self._settings.places))
        if placed:
            await tx.first(TELL_FEED)
            self._count(placed=placed)
        return placed

    async def _claim(self, listener: str, behind: TenantId | None, limit: int, tx: WriteExecutor) -> list[Batch]:
        """Claim what is due for a listener: as a new batch what waits, and what got no receipt under the old number."""
        settings = self._settings
        if spent := await tx.execute(GIVE_UP, listener=listener, most=settings.batch):
            self.log.error("events given up: no receipt came", listener=listener, count=spent)
            self._count(dead=spent)
        common = {
            "listener": listener,
            "most": limit,
            "redrive": settings.redrive,
            "longest_redrive": settings.longest_redrive,
        }
        share = min(settings.share, limit)
        new = await tx.all(CLAIM, **common, share=share, behind=behind or FIRST_TENANT, new_batch=uuid4())
        again = await tx.all(CLAIM_AGAIN, **common)
        if len(new) == limit:
            self._behind[listener] = max((row["tenant_id"] for row in new), key=_uuid)
        elif behind is not None:
            self._behind[listener] = None  # round once more: from the first tenant on
        by_batch: dict[UUID, list[DBHandedEvent]] = {}
        for row in (*new, *again):
            assert row["batch"] is not None, "what is handed over has a batch"
            by_batch.setdefault(row["batch"], []).append(row)
        return [Batch(listener, id, events) for id, events in by_batch.items()]

    async def _hand(self, batch: Batch) -> list[Failure]:
        """Start what listens; gives the events for which that failed."""
        single: list[DBHandedEvent] = []
        together: list[DBHandedEvent] = []
        for event in batch.events:
            (single if self._is_single(batch.listener, event) else together).append(event)
        outcomes = await asyncio.gather(*(self._start_one(batch.listener, event) for event in single))
        failures = [failure for failure in outcomes if failure is not None]
        if together:
            failures += await self._start_batch(batch._replace(events=together))
        return failures

    def _is_single(self, listener: str, event: DBHandedEvent) -> bool:
        return isinstance(self._listeners.find(listener, event["kind"]), WorkflowListener)

    async def _start_one(self, name: str, event: DBHandedEvent) -> Failure | None:
        listener = self._listeners.find(name, event["kind"])
        assert isinstance(listener, WorkflowListener)
        try:
            async with self._starting:
                with self._traces.continuing(event["payload"].get("traceparent")):
                    input = listener.input(event["payload"])
                    await self._starter.start(listener.spec, input, id=str(event["event_id"]))
        except Exception as error:  # noqa: BLE001 (one bad event must not stop the others)
            return Failure(name, event, error)
        return None

    async def _start_batch(self, batch: Batch) -> list[Failure]:
        try:
            async with self._starting:
                input = HandOverInput(listener=batch.listener, batch=batch.id)
                with self._traces.handing_over(batch.listener, len(batch.events)):
                    await self._starter.start(HAND_OVER, input, id=f"{batch.listener}-{batch.id}")
        except Exception as error:  # noqa: BLE001 (one listener must not stop the others)
            return [Failure(batch.listener, event, error) for event in batch.events]
        return []

    async def _put_back(self, failures: Sequence[Failure]) -> None:
        if not failures:
            return
        away = self._absence.remaining
        absent = [{**_claim_of(failure), "delay": away} for failure in failures if failure.is_absence]
        async with self._database.platform_write("outbox relay", routine=True) as tx:
            await tx.execute_many(PUT_BACK_UNCOUNTED, absent)
            for failure in failures:
                if not failure.is_absence:
                    await self._set_aside(failure, tx)

    async def _set_aside(self, failure: Failure, tx: WriteExecutor) -> None:
        attempts = failure.event["attempts"]
        delay = self._listeners.retries(failure.listener).delay(attempts)
        state = await tx.scalar(PUT_BACK, **_claim_of(failure), delay=delay, error=text_of(failure.error))
        is_dead = state == HandoverState.DEAD
        self._count(failed=1, dead=int(is_dead))
        say = self.log.error if is_dead else self.log.warning
        say(
            "event given up" if is_dead else "event not started",
            listener=failure.listener,
            event_id=failure.event["event_id"],
            kind=failure.event["kind"],
            attempt=attempts,
            error=type(failure.error).__name__,
        )

    def _note_absence(self, failures: Sequence[Failure], *, started: int) -> None:
        if any(failure.is_absence for failure in failures):
            if self._absence.failed():
                self.log.warning("temporal is away: events wait")
        elif started and self._absence.ended():
            self.log.info("temporal is back")

    def _count(self, **more: int) -> None:
        counted = {name: getattr(self.stats, name) + count for name, count in more.items()}
        self.stats = replace(self.stats, **counted)


def _uuid(id: TenantId) -> UUID:
    return id.uuid


def _claim_of(failure: Failure) -> dict[str, Any]:
    event = failure.event
    return {
        "tenant": event["tenant_id"],
        "event": event["event_id"],
        "of_listener": failure.listener,
        "claimed": event["attempts"],
    }
