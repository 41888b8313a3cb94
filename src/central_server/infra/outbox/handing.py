import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from central_server.infra.db import Database
from central_server.infra.logs import component_logger
from central_server.infra.outbox.failures import text_of
from central_server.infra.outbox.listeners import BatchListener, EventHandler, Listeners
from central_server.infra.outbox.outbox import Outbox
from central_server.infra.outbox.statements.handovers import LIST_BATCH, PUT_BACK
from central_server.infra.outbox.tables import DBHandedEvent, HandoverState
from central_server.infra.telemetry import NO_TRACES, Traces

_AT_ONCE = 20
_OF_ONE_TENANT = 4


class EventHandlers:
    """The handlers of all batch listeners, as the container made them; one that is missing is a `TypeError`."""

    def __init__(self, listeners: Listeners, handlers: Iterable[EventHandler[Any]]) -> None:
        made = {type(handler): handler for handler in handlers}
        batched = [listener for listener in listeners if isinstance(listener, BatchListener)]
        if missing := {listener.handler.__name__ for listener in batched if listener.handler not in made}:
            raise TypeError(f"handlers that were not made: {', '.join(sorted(missing))}")
        self._by_listener = {(each.name, each.kind): (each, made[each.handler]) for each in batched}

    def find(self, listener: str, kind: str) -> tuple[BatchListener[Any], EventHandler[Any]]:
        """Give a listener and what handles its events; `LookupError` where this version has none."""
        if (listener, kind) not in self._by_listener:
            raise LookupError(f"no listener {listener} for {kind} in this version")
        return self._by_listener[listener, kind]


class HandingOver:
    """Hands batches of events to their handlers.

    Each event is by itself: it gets its receipt when it is handled, and is set aside when it fails. Of one tenant few
    are handled at once, so that one whose events are slow keeps no other waiting.
    """

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        listeners: Listeners,
        handlers: EventHandlers,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._listeners = listeners
        self._handlers = handlers
        self._traces = traces
        self.log = component_logger(self)

    async def hand_over(self, listener: str, batch: UUID) -> tuple[int, int]:
        """Hand over what of a batch is still open; gives how many were handled, and how many set aside."""
        async with self._database.platform_read("batch of events", routine=True) as reader:
            events = await reader.all(LIST_BATCH, of_batch=batch)
        at_once = asyncio.Semaphore(_AT_ONCE)
        of_tenant: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_OF_ONE_TENANT))

        async def handle(event: DBHandedEvent) -> bool:
            async with of_tenant[event["tenant_id"]], at_once:
                return await self._handle(listener, event)

        outcomes = await asyncio.gather(*(handle(event) for event in events), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome  # neither receipt nor setting aside could be written: another attempt is to do it
        return outcomes.count(True), outcomes.count(False)

    async def _handle(self, name: str, row: DBHandedEvent) -> bool:
        try:
            listener, handler = self._handlers.find(name, row["kind"])
            with self._traces.handling(name, row["payload"].get("traceparent")):
                async with asyncio.timeout(listener.timeout):
                    await handler.handle(listener.event.model_validate(row["payload"]))
        except Exception as error:  # noqa: BLE001 (whatever it is, it is about this event alone)
            await self._set_aside(name, row, error)
            return False
        async with self._database.write(row["tenant_id"]) as tx:
            await self._outbox.settle(row["event_id"], name, tx)
        return True

    async def _set_aside(self, name: str, row: DBHandedEvent, error: Exception) -> None:
        delay = self._listeners.retries(name).delay(row["attempts"])
        async with self._database.write(row["tenant_id"]) as tx:
            state = await tx.scalar(
                PUT_BACK,
                tenant=row["tenant_id"],
                event=row["event_id"],
                of_listener=name,
                claimed=row["attempts"],
                delay=delay,
                error=text_of(error),
            )
        say = self.log.error if state == HandoverState.DEAD else self.log.warning
        say(
            "event given up" if state == HandoverState.DEAD else "event set aside",
            listener=name,
            event_id=row["event_id"],
            kind=row["kind"],
            attempt=row["attempts"],
            error=type(error).__name__,
        )
