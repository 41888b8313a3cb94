from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, Boolean, ColumnElement, Insert, Text, bindparam, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.events import Event
from central.kernel.ids import EventId, TenantId, UserId
from central_server.infra.actor import By
from central_server.infra.db import Query, RichIdColumn, WriteExecutor, tenant_scope
from central_server.infra.outbox.listeners import Listeners, kind_of
from central_server.infra.outbox.statements.handovers import SETTLE
from central_server.infra.outbox.tables import CHANNEL, OUTBOX
from central_server.infra.telemetry import NO_TRACES, Traces


def outbox_insert_from(source: CTE, tenant: ColumnElement[TenantId]) -> CTE:
    """Give the CTE that writes one event for each row of `source`, for one statement with what the event is about.

    Add it by `.add_cte()`; its parameters are `Outbox.parameters(event, by)`:

        created = insert(USERS).returning(USERS).cte("created")
        Query(select(created).add_cte(outbox_insert_from(created, created.c.tenant_id)))
    """
    return _insert_from(source, tenant).cte("outbox_event")


def _insert_from(source: CTE | None, tenant: ColumnElement[TenantId]) -> Insert:
    row = select(
        bindparam("event_id", type_=RichIdColumn(EventId)),
        tenant,
        bindparam("event_kind", type_=Text),
        bindparam("event_payload", type_=JSONB),
        bindparam("event_actor", type_=RichIdColumn(UserId)),
        bindparam("event_target", type_=Text),
    )
    # Notifying takes a lock that lets one such transaction commit at a time, so only those do that wake somebody.
    wake = select(func.pg_notify(CHANNEL, "")).where(bindparam("event_wakes", type_=Boolean)).scalar_subquery()
    from_row = row if source is None else row.select_from(source)
    return (
        insert(OUTBOX)
        .from_select(["id", "tenant_id", "kind", "payload", "actor", "target"], from_row)
        .returning(wake.label("woken"))
    )


_SCOPE = tenant_scope()
_ADD = Query[Any](_insert_from(_SCOPE, _SCOPE.c.tenant))
_ADD_AS_PLATFORM = Query[Any](_insert_from(None, bindparam("event_tenant", type_=RichIdColumn(TenantId))))


class Outbox:
    """Writes events in the transaction of what they tell of, and their receipts in that of their effect."""

    def __init__(self, listeners: Listeners, traces: Traces = NO_TRACES) -> None:
        self._listeners = listeners
        self._traces = traces

    async def add(self, event: Event, by: By, executor: WriteExecutor) -> None:
        """Write an event and who did it; whoever listens to its kind is started after the commit, at least once.

        `ValueError` for an event of another tenant than the executor's.
        """
        await self.add_all((event,), by, executor)

    async def add_all(self, events: Sequence[Event], by: By, executor: WriteExecutor) -> None:
        """Write many events as `add` writes one, in one go."""
        rows = [self.parameters(event, by) for event in events]
        if executor.tenant is None:
            rows = [{**row, "event_tenant": event.tenant_id} for row, event in zip(rows, events, strict=True)]
        elif any(event.tenant_id != executor.tenant for event in events):
            raise ValueError("an event belongs to the tenant of the transaction that writes it")
        query = _ADD_AS_PLATFORM if executor.tenant is None else _ADD
        if len(rows) == 1:
            await executor.execute(query, **rows[0])
        elif rows:
            await executor.execute_many(query, rows)

    def parameters(self, event: Event, by: By) -> dict[str, Any]:
        """Give what a statement with `outbox_insert_from` takes for an event."""
        kind = kind_of(type(event))
        stamp = {
            "actor": by.user,
            "impersonator": by.impersonator,
            "request_id": by.request_id,
            "traceparent": self._traces.traceparent(),
        }
        return {
            "event_id": event.id,
            "event_kind": kind,
            "event_payload": event.model_copy(update=stamp),
            "event_actor": by.user,
            "event_target": None if event.target is None else str(event.target),
            "event_wakes": self._listeners.hears(kind),
        }

    async def settle(self, event: EventId, listener: str, executor: WriteExecutor) -> bool:
        """Write the receipt: what this listener does for the event is done. False when it was written before.

        In the transaction of an effect in the database, before it, the answer makes the effect happen once.
        """
        return await executor.execute(SETTLE, event=event, of_listener=listener) > 0
