"""The relay's statements, which see the events of all tenants.

The states are part of the text and no parameters: PostgreSQL uses a partial index only for what it can see.
"""

from typing import Any

from sqlalchemy import (
    ARRAY,
    Float,
    Integer,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    column,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    true,
    update,
)

from central.kernel.ids import EventId, TenantId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.outbox.tables import (
    FEED,
    HANDOVERS,
    OUTBOX,
    POSITIONS,
    DBDueListener,
    DBHandedEvent,
    HandoverState,
)

_H = HANDOVERS.c
_PENDING = text("event_handovers.state = 'pending'")
_HANDED = text("event_handovers.state = 'handed'")
_DUE = _H.next_attempt_at <= func.now()
_LISTENER = bindparam("listener", type_=Text)
_EVENT = bindparam("event", type_=RichIdColumn(EventId))
_TENANT = bindparam("tenant", type_=RichIdColumn(TenantId))
_later = func.now() + seconds(bindparam("delay", type_=Float))
_no_place_yet = OUTBOX.c.position.is_(None)

# One relay at a time: positions are committed in the order in which they are given. Another one need not wait.
LOCK_POSITIONS = Query[Any](
    select(func.pg_try_advisory_xact_lock(func.hashtextextended("central outbox positions", 0)).label("locked"))
)
TELL_FEED = Query[Any](select(func.pg_notify(FEED, "").label("told")))

_unplaced = (
    select(OUTBOX.c.id)
    .where(_no_place_yet)
    .order_by(OUTBOX.c.created_at, OUTBOX.c.id)
    .limit(bindparam("places", type_=Integer))
    .with_for_update(skip_locked=True)
    .cte("unplaced")
)
_numbered = select(_unplaced.c.id, POSITIONS.next_value().label("position")).cte("numbered")
_placed = (
    update(OUTBOX)
    .values(position=_numbered.c.position)
    .where(OUTBOX.c.id == _numbered.c.id)
    .returning(OUTBOX.c.id, OUTBOX.c.tenant_id, OUTBOX.c.kind)
    .cte("placed")
)
_heard = (
    func.unnest(
        bindparam("kinds", type_=ARRAY(Text)),
        bindparam("listeners", type_=ARRAY(Text)),
        bindparam("within", type_=ARRAY(Float)),
    )
    .table_valued(column("kind", Text), column("listener", Text), column("within", Float))
    .render_derived(name="heard")
)
_handovers = (
    insert(HANDOVERS)
    .from_select(
        ["tenant_id", "event_id", "listener", "give_up_at"],
        select(_placed.c.tenant_id, _placed.c.id, _heard.c.listener, func.now() + seconds(_heard.c.within)).join_from(
            _placed, _heard, _placed.c.kind == _heard.c.kind
        ),
    )
    .cte("made")
)
PLACE = Query[int](select(func.count().label("placed")).select_from(_placed).add_cte(_handovers))
"""Gives new events their positions, in the order in which their transactions began, and notes whom each is for.

What came after something else had been committed stands behind it.
"""

_named = (
    func.unnest(bindparam("listeners", type_=ARRAY(Text)))
    .table_valued(column("listener", Text))
    .render_derived(name="named")
)
_due_of_named = and_(_H.listener == _named.c.listener, _DUE)
LIST_DUE = Query[DBDueListener](
    select(_named.c.listener).where(exists().where(_due_of_named, _PENDING) | exists().where(_due_of_named, _HANDED))
)
"""Gives the listeners that something is due for."""


def _first_tenant(behind: Any) -> Any:
    return (
        select(_H.tenant_id)
        .where(_H.listener == _LISTENER, _PENDING, _DUE, _H.tenant_id > behind)
        .order_by(_H.tenant_id)
        .limit(1)
        .scalar_subquery()
    )


# Goes from tenant to tenant along the index, whatever one of them has waiting.
_tenants = select(_first_tenant(bindparam("behind", type_=RichIdColumn(TenantId))).label("tenant_id")).cte(
    "tenants", recursive=True
)
_tenants = _tenants.union_all(select(_first_tenant(_tenants.c.tenant_id)).where(_tenants.c.tenant_id.is_not(None)))
_of_tenant = (
    select(_H.event_id)
    .where(_H.listener == _LISTENER, _PENDING, _DUE, _H.tenant_id == _tenants.c.tenant_id)
    .order_by(_H.next_attempt_at)
    .limit(bindparam("share", type_=Integer))
    .with_for_update(skip_locked=True)
    .lateral("of_tenant")
)
_due = (
    select(_tenants.c.tenant_id, _of_tenant.c.event_id)
    .select_from(_tenants.join(_of_tenant, true()))
    .limit(bindparam("most", type_=Integer))
    .cte("due")
)
_redrive = func.least(
    bindparam("redrive", type_=Float) * func.power(literal(2.0, Float), func.least(_H.attempts, 20)),
    bindparam("longest_redrive", type_=Float),
)
_taken = {
    "state": HandoverState.HANDED,
    "attempts": _H.attempts + 1,
    "next_attempt_at": func.now() + seconds(_redrive),
    "updated_at": func.now(),
}
_SHOWN = (_H.event_id, _H.tenant_id, OUTBOX.c.kind, OUTBOX.c.payload, OUTBOX.c.position, _H.batch, _H.attempts)
_ITS_EVENT = and_(OUTBOX.c.id == _H.event_id, OUTBOX.c.tenant_id == _H.tenant_id)
CLAIM = Query[DBHandedEvent](
    update(HANDOVERS)
    .values(_taken | {"batch": bindparam("new_batch", type_=Uuid)})
    .where(
        _H.tenant_id == _due.c.tenant_id,
        _H.event_id == _due.c.event_id,
        _H.listener == _LISTENER,
        _ITS_EVENT,
    )
    .returning(*_SHOWN)
)
"""Takes on what is due for a listener, as one batch: of each tenant a share, going on behind the tenant `behind`."""

_silent = (
    select(_H.tenant_id, _H.event_id)
    .where(_H.listener == _LISTENER, _HANDED, _DUE, _H.give_up_at > func.now())
    .order_by(_H.next_attempt_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
    .cte("silent")
)
CLAIM_AGAIN = Query[DBHandedEvent](
    update(HANDOVERS)
    .values(_taken)
    .where(_H.tenant_id == _silent.c.tenant_id, _H.event_id == _silent.c.event_id, _H.listener == _LISTENER, _ITS_EVENT)
    .returning(*_SHOWN)
)
"""Takes on again what was handed over and has no receipt, under the batch that it had."""

_spent = (
    select(_H.tenant_id, _H.event_id)
    .where(_H.listener == _LISTENER, _HANDED, _DUE, _H.give_up_at <= func.now())
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
    .cte("spent")
)
GIVE_UP = Query[Any](
    update(HANDOVERS)
    .values(
        state=HandoverState.DEAD,
        batch=None,
        updated_at=func.now(),
        last_error=func.coalesce(_H.last_error, "handed over, but no receipt came"),
    )
    .where(_H.tenant_id == _spent.c.tenant_id, _H.event_id == _spent.c.event_id, _H.listener == _LISTENER)
)

# `claimed` is the attempt that failed: a receipt or another claim since then has the last word.
_still_ours = (
    _H.tenant_id == _TENANT,
    _H.event_id == _EVENT,
    _H.listener == bindparam("of_listener", type_=Text),
    _H.attempts == bindparam("claimed", type_=Integer),
    _HANDED,
)
PUT_BACK = Query[str](
    update(HANDOVERS)
    .values(
        state=case((_later > _H.give_up_at, HandoverState.DEAD), else_=HandoverState.PENDING),
        batch=None,
        next_attempt_at=_later,
        updated_at=func.now(),
        last_error=bindparam("error", type_=Text),
    )
    .where(*_still_ours)
    .returning(_H.state)
)
"""Sets an event aside that failed, from whatever batch: it is tried later, or given up. Gives its state."""

PUT_BACK_UNCOUNTED = Query[Any](
    update(HANDOVERS)
    .values(state=HandoverState.PENDING, batch=None, attempts=_H.attempts - 1, next_attempt_at=_later)
    .where(*_still_ours)
)

LIST_BATCH = Query[DBHandedEvent](
    select(*_SHOWN)
    .join_from(HANDOVERS, OUTBOX, _ITS_EVENT)
    .where(_H.batch == bindparam("of_batch", type_=Uuid), _HANDED)
    .order_by(_H.tenant_id, _H.event_id)
)
"""Gives what of a batch has neither its receipt nor was set aside."""

SETTLE = Query[Any](
    update(HANDOVERS)
    .values(state=HandoverState.DONE, updated_at=func.now())
    .where(
        _H.event_id == bindparam("event", type_=RichIdColumn(EventId)),
        _H.listener == bindparam("of_listener", type_=Text),
        text("event_handovers.state <> 'done'"),
    )
)
"""Writes a receipt, unless it is there."""
