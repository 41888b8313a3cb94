"""The relay: brings events from the outbox to the workflows that listen to them, at least once each.

It follows rows, not a position: each row says when it is due next, and is claimed by a lock that others skip. A
row is done when its receipt is there (`Outbox.settle`), not when its workflow has started; until then it comes
due again. So neither a late commit, nor a crash between any two steps, nor a Temporal that has lost its data
leaves an event behind. Several relays may run.
"""

import asyncio
from dataclasses import replace
from time import monotonic
from typing import Any, NamedTuple, Protocol

from central.errors import UnavailableError
from central_server.infra.db import Database
from central_server.infra.logs import component_logger
from central_server.infra.outbox.absence import Absence
from central_server.infra.outbox.listeners import Listeners
from central_server.infra.outbox.settings import RelaySettings, RelayStats
from central_server.infra.outbox.statements import (
    BACKLOG,
    CLAIM,
    GIVE_UP,
    LOCK_POSITIONS,
    PLACE,
    PUT_BACK,
    PUT_BACK_UNCOUNTED,
    SETTLE_UNHEARD,
    TELL_FEED,
)
from central_server.infra.outbox.tables import CHANNEL, DBClaimedEvent
from central_server.infra.temporal.spec import WorkflowModel, WorkflowSpec
from central_server.infra.waiting import wait_for_any

_ERROR_LENGTH = 500


class Starter(Protocol):
    """What the relay needs of `TemporalDispatcher`."""

    async def start(self, spec: WorkflowSpec[Any, Any], input: WorkflowModel, *, id: str) -> str:
        """Start a workflow, or leave the one of that id alone."""
        ...


class Failure(NamedTuple):
    """A claimed event whose workflow could not be started, and why."""

    event: DBClaimedEvent
    error: Exception

    @property
    def is_absence(self) -> bool:
        """Whether it says nothing about the event: Temporal is away."""
        return isinstance(self.error, UnavailableError)

    @property
    def text(self) -> str:
        """The reason for the row, without line breaks or what the event holds."""
        return f"{type(self.error).__name__}: {self.error}".replace("\n", " ")[:_ERROR_LENGTH]


class Relay:
    """Runs beside a worker until told to stop."""

    def __init__(
        self, database: Database, starter: Starter, listeners: Listeners, settings: RelaySettings | None = None
    ) -> None:
        self._database = database
        self._starter = starter
        self._listeners = listeners
        self._settings = settings or RelaySettings()
        self._wake = asyncio.Event()
        self._absence = Absence(self._settings.first_delay, self._settings.last_away_delay)
        self._starting = asyncio.Semaphore(self._settings.concurrency)
        self._measured_at = float("-inf")
        self._trouble: str | None = None
        self.stats = RelayStats()
        self.log = component_logger(self)

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
        """Settle what nobody listens to, start a batch of what is due; whether there may be more at once."""
        limit = self._limit()
        claimed, unheard = await self._claim(limit)
        outcomes = await asyncio.gather(*(self._start(event) for event in claimed))
        failures = [failure for failure in outcomes if failure is not None]
        self._note_absence(failures, started=len(claimed) - len(failures))
        await self._put_back(failures)
        return not self._absence and (len(claimed) == limit or unheard == self._settings.unheard_batch)

    async def measure(self) -> RelayStats:
        """Count what waits, and give the stats with it."""
        async with self._database.platform_read("outbox backlog", routine=True) as reader:
            backlog = await reader.first(BACKLOG)
        assert backlog is not None
        self._measured_at = monotonic()
        self.stats = replace(self.stats, waiting=backlog["waiting"], lag=backlog["oldest"])
        return self.stats

    def _limit(self) -> int:
        """Give how many events to claim: while Temporal is away none, and then one to try with."""
        if not self._absence:
            return self._settings.batch
        return 0 if self._absence.remaining else 1

    async def _try_pass(self) -> bool:
        try:
            more = await self.TX_pass()
            if monotonic() - self._measured_at > self._settings.measure:
                await self.measure()
        except Exception as error:  # noqa: BLE001 (the relay outlives whatever it is; claimed rows come due again)
            self._note_trouble(error)
            return False
        self._note_trouble(None)
        return more

    async def _rest(self, stop: asyncio.Event) -> None:
        if self._absence:
            await wait_for_any(stop, seconds=min(self._absence.remaining, self._settings.poll))
        else:
            await wait_for_any(stop, self._wake, seconds=self._settings.poll)

    async def _claim(self, limit: int) -> tuple[list[DBClaimedEvent], int]:
        settings, kinds = self._settings, self._listeners.kinds
        async with self._database.platform_write("outbox relay", routine=True) as executor:
            await executor.first(LOCK_POSITIONS)
            placed = await executor.all(PLACE, kinds=kinds, batch=settings.unheard_batch)
            unheard = sum(not event["heard"] for event in placed)
            unheard += await executor.execute(SETTLE_UNHEARD, kinds=kinds, batch=settings.unheard_batch)
            dead = await executor.execute(GIVE_UP, most=settings.most_attempts, batch=settings.batch)
            claimed = await executor.all(
                CLAIM,
                kinds=kinds,
                batch=limit,
                most=settings.most_attempts,
                redrive=settings.redrive,
                longest_redrive=settings.longest_redrive,
            )
            if placed:
                await executor.first(TELL_FEED)
        if dead:
            self.log.error("events given up: no receipt came", count=dead)
        self._count(unheard=unheard, dead=dead)
        return claimed, unheard

    async def _start(self, event: DBClaimedEvent) -> Failure | None:
        try:
            async with self._starting:
                listener = self._listeners[event["kind"]]
                await self._starter.start(listener.spec, listener.input(event["payload"]), id=str(event["id"]))
        except Exception as error:  # noqa: BLE001 (one bad event must not stop the others)
            return Failure(event, error)
        self._count(dispatched=1)
        return None

    async def _put_back(self, failures: list[Failure]) -> None:
        if not failures:
            return
        delay = self._absence.remaining
        absent = [{**_claim_of(failure), "delay": delay} for failure in failures if failure.is_absence]
        failed = [self._failed(failure) for failure in failures if not failure.is_absence]
        async with self._database.platform_write("outbox relay", routine=True) as executor:
            await executor.execute_many(PUT_BACK_UNCOUNTED, absent)
            await executor.execute_many(PUT_BACK, failed)

    def _failed(self, failure: Failure) -> dict[str, Any]:
        event, most = failure.event, self._settings.most_attempts
        is_dead = event["attempts"] >= most
        self._count(failed=1, dead=int(is_dead))
        say = self.log.error if is_dead else self.log.warning
        say(
            "event given up" if is_dead else "event not started",
            event_id=event["id"],
            kind=event["kind"],
            attempt=event["attempts"],
            error=type(failure.error).__name__,
        )
        delay = self._settings.delay(event["attempts"])
        return {**_claim_of(failure), "delay": delay, "error": failure.text, "most": most}

    def _note_absence(self, failures: list[Failure], *, started: int) -> None:
        if any(failure.is_absence for failure in failures):
            if self._absence.failed():
                self.log.warning("temporal is away: events wait")
        elif started and self._absence.ended():
            self.log.info("temporal is back")

    def _note_trouble(self, error: Exception | None) -> None:
        """Log when passes begin to fail, when the reason changes, and when they work again."""
        trouble = None if error is None else type(error).__name__
        if trouble != self._trouble:
            if error is None:
                self.log.info("relay works again")
            else:
                expected = isinstance(error, UnavailableError)
                self.log.warning("relay fails", error=str(error), exc_info=None if expected else error)
        self._trouble = trouble

    def _count(self, **more: int) -> None:
        counted = {name: getattr(self.stats, name) + count for name, count in more.items()}
        self.stats = replace(self.stats, **counted)


def _claim_of(failure: Failure) -> dict[str, Any]:
    return {"event": failure.event["id"], "claimed": failure.event["attempts"]}
