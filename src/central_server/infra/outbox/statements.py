"""The relay's statements, which see the events of all tenants.

The states are part of the text and no parameters: PostgreSQL uses a partial index only for what it can see.
"""

from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Float,
    Integer,
    Select,
    Text,
    TextClause,
    bindparam,
    case,
    func,
    literal,
    select,
    text,
    update,
)

from central_server.infra.db import Query
from central_server.infra.db.intervals import seconds
from central_server.infra.outbox.tables import (
    FEED,
    OUTBOX,
    POSITIONS,
    DBBacklog,
    DBClaimedEvent,
    DBPlacedEvent,
    OutboxState,
)

_OPEN = text("outbox.state IN ('pending', 'dispatched')")
_PENDING = text("outbox.state = 'pending'")
_DISPATCHED = text("outbox.state = 'dispatched'")
_KINDS = bindparam("kinds", type_=ARRAY(Text))
_HEARD = OUTBOX.c.kind == func.any(_KINDS)
_DUE = OUTBOX.c.next_attempt_at <= func.now()
_MOST = bindparam("most", type_=Integer)


def _locked(*conditions: ColumnElement[bool] | TextClause) -> Select[Any]:
    """Choose rows that are due and that no other relay has in hand."""
    chosen = select(OUTBOX.c.id).where(_DUE, *conditions).order_by(OUTBOX.c.next_attempt_at)
    return chosen.limit(bindparam("batch", type_=Integer)).with_for_update(skip_locked=True)


_unheard = _locked(_PENDING, ~_HEARD, OUTBOX.c.position.is_not(None)).cte("unheard")
_due = _locked(_OPEN, _HEARD, OUTBOX.c.attempts < _MOST).cte("due")
_spent = _locked(_DISPATCHED, OUTBOX.c.attempts >= _MOST).cte("spent")
_redrive = func.least(
    bindparam("redrive", type_=Float) * func.power(literal(2.0, Float), OUTBOX.c.attempts),
    bindparam("longest_redrive", type_=Float),
)

# One relay at a time: positions are committed in the order in which they are given.
LOCK_POSITIONS = Query[Any](
    select(func.pg_advisory_xact_lock(func.hashtextextended("central outbox positions", 0)).label("locked"))
)
TELL_FEED = Query[Any](select(func.pg_notify(FEED, "").label("told")))
_unplaced = (
    select(OUTBOX.c.id, _HEARD.label("heard"))
    .where(OUTBOX.c.position.is_(None))
    .order_by(OUTBOX.c.created_at, OUTBOX.c.id)
    .limit(bindparam("batch", type_=Integer))
    .with_for_update(skip_locked=True)
    .cte("unplaced")
)
_numbered = select(_unplaced.c.id, _unplaced.c.heard, POSITIONS.next_value().label("position")).cte("numbered")
PLACE = Query[DBPlacedEvent](
    update(OUTBOX)
    .values(
        position=_numbered.c.position,
        state=case((_numbered.c.heard, OUTBOX.c.state), else_=OutboxState.DONE),
        done_at=case((_numbered.c.heard, OUTBOX.c.done_at), else_=func.now()),
    )
    .where(OUTBOX.c.id == _numbered.c.id)
    .returning(_numbered.c.heard)
)
"""Gives new events their positions, in the order in which their transactions began, be Temporal there or not.

What came after something else had been committed stands behind it. What nobody listens to is settled by this.
"""

SETTLE_UNHEARD = Query[Any](
    update(OUTBOX).values(state=OutboxState.DONE, done_at=func.now()).where(OUTBOX.c.id == _unheard.c.id)
)
"""Settles what somebody listened to when it happened, and nobody does now."""

CLAIM = Query[DBClaimedEvent](
    update(OUTBOX)
    .values(
        state=OutboxState.DISPATCHED,
        attempts=OUTBOX.c.attempts + 1,
        dispatched_at=func.now(),
        next_attempt_at=func.now() + seconds(_redrive),
    )
    .where(OUTBOX.c.id == _due.c.id)
    .returning(OUTBOX.c.id, OUTBOX.c.tenant_id, OUTBOX.c.kind, OUTBOX.c.payload, OUTBOX.c.attempts)
)

GIVE_UP = Query[Any](
    update(OUTBOX)
    .values(state=OutboxState.DEAD, last_error=func.coalesce(OUTBOX.c.last_error, "started, but no receipt came"))
    .where(OUTBOX.c.id == _spent.c.id)
)

# `claimed` is the attempt that failed: a receipt or another relay's claim since then has the last word.
_still_ours = (OUTBOX.c.id == bindparam("event"), OUTBOX.c.attempts == bindparam("claimed", type_=Integer), _DISPATCHED)
_later = func.now() + seconds(bindparam("delay", type_=Float))

PUT_BACK = Query[Any](
    update(OUTBOX)
    .values(
        state=case((OUTBOX.c.attempts >= _MOST, OutboxState.DEAD), else_=OutboxState.PENDING),
        next_attempt_at=_later,
        last_error=bindparam("error"),
    )
    .where(*_still_ours)
)

PUT_BACK_UNCOUNTED = Query[Any](
    update(OUTBOX)
    .values(state=OutboxState.PENDING, attempts=OUTBOX.c.attempts - 1, next_attempt_at=_later)
    .where(*_still_ours)
)

BACKLOG = Query[DBBacklog](
    select(
        func.count().label("waiting"),
        func.coalesce(func.extract("epoch", func.now() - func.min(OUTBOX.c.created_at)), 0.0)
        .cast(Float)
        .label("oldest"),
    ).where(_PENDING)
)
