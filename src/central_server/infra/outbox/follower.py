"""Listeners inside the database: what they do and how far they have come is one transaction."""

import asyncio
from collections.abc import Sequence
from typing import Protocol
from uuid import uuid4

from central.errors import UnavailableError
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.logs import component_logger
from central_server.infra.outbox.failures import text_of
from central_server.infra.outbox.listeners import Retries
from central_server.infra.outbox.relay import FIRST_TENANT
from central_server.infra.outbox.statements.feed import (
    LOCK_FOLLOWER,
    MOVE_FOLLOWER,
    READ_FEED_OF_ALL,
    SET_ASIDE,
    START_FOLLOWER,
)
from central_server.infra.outbox.statements.handovers import CLAIM, LIST_DUE, PUT_BACK, SETTLE
from central_server.infra.outbox.tables import FEED, DBFeedEvent, DBHandedEvent
from central_server.infra.telemetry import NO_TRACES, Traces, Work
from central_server.infra.troubles import Troubles
from central_server.infra.waiting import wait_for_any


class Applies(Protocol):
    """What is done with events, inside the database."""

    async def apply(self, events: Sequence[DBFeedEvent], executor: WriteExecutor) -> None:
        """Do it for all of them, in the order of the feed, by the transaction given: it happens once for each event.

        The transaction sees all tenants. It may be undone and tried again, also with fewer events.
        """
        ...


class Follower:
    """Follows the feed of all tenants, from its beginning on, and has each event applied exactly once.

    How far it has come changes in the transaction that applies the events, so that neither a crash nor a second
    follower of the same name beside it repeats one or leaves one out. An event that cannot be applied is set aside:
    the others go on, and it is tried again by itself until it is given up as a dead letter.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        work: Applies,
        *,
        retries: Retries | None = None,
        batch: int = 500,
        poll: float = 1.0,
        traces: Traces = NO_TRACES,
    ) -> None:
        self.name = name
        self._database = database
        self._work = work
        self._retries = retries or Retries()
        self._batch = batch
        self._poll = poll
        self._traces = traces
        self._news = asyncio.Event()
        self.log = component_logger(self).bind(listener=name)
        self._troubles = Troubles("follower", self.log)

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop` is set."""
        listener = await self._database.listen(FEED, lambda _: self._news.set())
        try:
            while not stop.is_set():
                self._news.clear()
                if not await self._try_pass():
                    await wait_for_any(stop, self._news, seconds=self._poll)
        finally:
            await listener.close()

    async def TX_pass(self) -> bool:
        """Apply what comes next in the feed, and what was set aside and is due; whether there may be more at once."""
        with self._traces.working(f"follow {self.name}") as work:
            async with self._database.platform_write(f"feed followed: {self.name}", routine=True) as tx:
                read = await self._follow(tx, work)
            async with self._database.platform_write(f"feed followed: {self.name}", routine=True) as tx:
                tried = await self._try_again(tx, work)
        return self._batch in {read, tried}

    async def _try_pass(self) -> bool:
        try:
            more = await self.TX_pass()
        except Exception as error:  # noqa: BLE001 (it outlives whatever it is; nothing was applied)
            self._troubles.note(error)
            return False
        self._troubles.note(None)
        return more

    async def _follow(self, tx: WriteExecutor, work: Work) -> int:
        """Apply the next events, unless another follower is at it; gives how many there were."""
        await tx.execute(START_FOLLOWER, name=self.name)
        position = await tx.scalar(LOCK_FOLLOWER, name=self.name)
        if position is None:
            return 0
        events = await tx.all(READ_FEED_OF_ALL, behind=position, count=self._batch)
        work.found(read=len(events))
        if events:
            await self._apply(events, tx)
            await tx.execute(MOVE_FOLLOWER, of_name=self.name, new_position=events[-1]["position"])
        return len(events)

    async def _apply(self, events: Sequence[DBFeedEvent], tx: WriteExecutor) -> None:
        """Apply all but those that fail, which are found by halves."""
        try:
            async with tx.savepoint() as part:
                await self._work.apply(events, part)
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 (one of them is at fault, and keeps no other from its turn)
            if len(events) == 1:
                await self._set_aside(events[0], error, tx)
                return
            half = len(events) // 2
            await self._apply(events[:half], tx)
            await self._apply(events[half:], tx)

    async def _set_aside(self, event: DBFeedEvent, error: Exception, tx: WriteExecutor) -> None:
        self._say("event set aside", event["id"], event["kind"], 1, error)
        await tx.execute(
            SET_ASIDE,
            tenant_id=event["tenant_id"],
            event_id=event["id"],
            listener=self.name,
            delay=self._retries.delay(1),
            within=self._retries.within,
            error=text_of(error),
        )

    async def _try_again(self, tx: WriteExecutor, work: Work) -> int:
        """Apply what was set aside and is due, each by itself; gives how many there were."""
        if not await tx.all(LIST_DUE, listeners=[self.name]):
            return 0
        claimed = await tx.all(
            CLAIM,
            listener=self.name,
            most=self._batch,
            share=self._batch,
            behind=FIRST_TENANT,
            new_batch=uuid4(),
            redrive=0.0,
            longest_redrive=0.0,
        )
        work.found(tried_again=len(claimed))
        for row in claimed:
            await self._apply_again(row, tx)
        return len(claimed)

    async def _apply_again(self, row: DBHandedEvent, tx: WriteExecutor) -> None:
        event = DBFeedEvent(
            id=row["event_id"],
            tenant_id=row["tenant_id"],
            kind=row["kind"],
            payload=row["payload"],
            position=row["position"],
        )
        try:
            async with tx.savepoint() as part:
                await self._work.apply([event], part)
                await part.execute(SETTLE, event=event["id"], of_listener=self.name)
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 (as in `_apply`)
            await self._put_back(row, error, tx)

    async def _put_back(self, row: DBHandedEvent, error: Exception, tx: WriteExecutor) -> None:
        state = await tx.scalar(
            PUT_BACK,
            tenant=row["tenant_id"],
            event=row["event_id"],
            of_listener=self.name,
            claimed=row["attempts"],
            delay=self._retries.delay(row["attempts"]),
            error=text_of(error),
        )
        self._say(f"event still fails, and is {state}", row["event_id"], row["kind"], row["attempts"], error)

    def _say(self, what: str, event: str, kind: str, attempt: int, error: Exception) -> None:
        self.log.warning(what, event_id=event, kind=kind, attempt=attempt, error=type(error).__name__)
