from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Insert,
    Select,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    insert,
    select,
    true,
)
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
        _ACTOR,
        bindparam("event_target", type_=Text),
    )
    return _insert(row if source is None else row.select_from(source))


def _insert_all_from(source: CTE | None, tenant: ColumnElement[TenantId]) -> Insert:
    event = _EVENTS.c
    rows = select(event.id, tenant, event.kind, event.payload, _ACTOR, event.target)
    return _insert(rows if source is None else rows.select_from(source.join(_EVENTS, true())))


def _insert(rows: Select[Any, Any, Any, Any, Any, Any]) -> Insert:
    # Notifying takes a lock that lets one such transaction commit at a time, so only those do that wake somebody.
    wake = select(func.pg_notify(CHANNEL, "")).where(bindparam("event_wakes", type_=Boolean)).scalar_subquery()
    return (
        insert(OUTBOX)
        .from_select(["id", "tenant_id", "kind", "payload", "actor", "target"], rows)
        .returning(wake.label("woken"))
    )


_ACTOR = bindparam("event_actor", type_=RichIdColumn(UserId))
_EVENTS = (
    func.jsonb_to_recordset(bindparam("events", type_=JSONB))
    .table_valued(
        column("id", Uuid),
        column("tenant", Uuid),
        column("kind", Text),
        column("payload", JSONB),
        column("target", Text),
    )
    .render_derived(name="events", with_types=True)
)
_SCOPE = tenant_scope()
_ADD = Query[Any](_insert_from(_SCOPE, _SCOPE.c.tenant))
_ADD_AS_PLATFORM = Query[Any](_insert_from(None, bindparam("event_tenant", type_=RichIdColumn(TenantId))))
_ADD_ALL = Query[Any](_insert_all_from(_SCOPE, _SCOPE.c.tenant))
_ADD_ALL_AS_PLATFORM = Query[Any](_insert_all_from(None, _EVENTS.c.tenant))
_AT_ONCE: Final = 1000


class Outbox:
    """Writes events in the transaction of what they tell of, and their receipts in that of their effect."""

    def __init__(self, listeners: Listeners, traces: Traces = NO_TRACES) -> None:
        self._listeners = listeners
        self._traces = traces

    async def add(self, event: Event, by: By, executor: WriteExecutor) -> None:
        """Write an event and who did it; whoever listens to its kind is started after the commit, at least once.

        `ValueError` for an event of another tenant than the executor's.
        """
        self._check(event, executor)
        given = self.parameters(event, by)
        if executor.tenant is None:
            await executor.execute(_ADD_AS_PLATFORM, **given, event_tenant=event.tenant_id)
        else:
            await executor.execute(_ADD, **given)

    async def add_all(self, events: Sequence[Event], by: By, executor: WriteExecutor) -> None:
        """Write many events as `add` writes one, in few statements."""
        query = _ADD_ALL_AS_PLATFORM if executor.tenant is None else _ADD_ALL
        for first in range(0, len(events), _AT_ONCE):
            some = events[first : first + _AT_ONCE]
            rows = [self._row(event, by, executor) for event in some]
            wakes = any(self._listeners.hears(row["kind"]) for row in rows)
            await executor.execute(query, events=rows, event_actor=by.user, event_wakes=wakes)

    def parameters(self, event: Event, by: By) -> dict[str, Any]:
        """Give what a statement with `outbox_insert_from` takes for an event."""
        kind, target = kind_of(type(event)), event.target
        return {
            "event_id": event.id,
            "event_kind": kind,
            "event_payload": self._stamped(event, by),
            "event_actor": by.user,
            "event_target": None if target is None else str(target),
            "event_wakes": self._listeners.hears(kind),
        }

    def _row(self, event: Event, by: By, executor: WriteExecutor) -> dict[str, Any]:
        self._check(event, executor)
        kind, payload = kind_of(type(event)), self._stamped(event, by)
        return {
            "id": event.id.uuid,
            "tenant": event.tenant_id.uuid,
            "kind": kind,
            "payload": payload,
            "target": event.target,
        }

    def _stamped(self, event: Event, by: By) -> Event:
        stamp = {
            "actor": by.user,
            "impersonator": by.impersonator,
            "request_id": by.request_id,
            "traceparent": self._traces.traceparent(),
        }
        return event.model_copy(update=stamp)

    def _check(self, event: Event, executor: WriteExecutor) -> None:
        if executor.tenant not in {None, event.tenant_id}:
            raise ValueError("an event belongs to the tenant of the transaction that writes it")

    async def settle(self, event: EventId, listener: str, executor: WriteExecutor) -> bool:
        """Write the receipt: what this listener does for the event is done. False when it was written before.

        In the transaction of an effect in the database, before it, the answer makes the effect happen once.
        """
        return await executor.execute(SETTLE, event=event, of_listener=listener) > 0
