"""Statements about what is on its way to listeners, and what was given up; they see the events of all tenants."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    Integer,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)

from central.kernel.ids import EventId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.deleting import delete_batch
from central_server.infra.outbox.tables import (
    FOLLOWERS,
    HANDOVERS,
    OUTBOX,
    DBBacklog,
    DBBehind,
    DBDeadLetter,
    DBUnplaced,
    HandoverState,
)

_H = HANDOVERS.c
_PENDING = text("event_handovers.state = 'pending'")
_HANDED = text("event_handovers.state = 'handed'")
_DEAD = text("event_handovers.state = 'dead'")
_OPEN = text("event_handovers.state IN ('pending', 'handed')")


def _age(since: ColumnElement[Any]) -> ColumnElement[float]:
    """Give for how many seconds something has waited; 0 where nothing has."""
    return cast(func.coalesce(func.extract("epoch", func.now() - since), 0.0), Float)


BACKLOGS = Query[DBBacklog](
    select(
        _H.listener,
        func.count().filter(_PENDING).label("waiting"),
        func.count().filter(_HANDED).label("handed"),
        func.count().filter(_DEAD).label("dead"),
        _age(func.min(_H.created_at).filter(_OPEN)).label("lag"),
    )
    .where(text("event_handovers.state IN ('pending', 'handed', 'dead')"))
    .group_by(_H.listener)
)
COUNT_UNPLACED = Query[DBUnplaced](
    select(func.count().label("unplaced"), _age(func.min(OUTBOX.c.created_at)).label("lag")).where(
        OUTBOX.c.position.is_(None)
    )
)

_next = (
    select(OUTBOX.c.created_at)
    .where(OUTBOX.c.position > FOLLOWERS.c.position)
    .order_by(OUTBOX.c.position)
    .limit(1)
    .scalar_subquery()
)
_newest = select(func.max(OUTBOX.c.position)).where(OUTBOX.c.position.is_not(None)).scalar_subquery()
LIST_FOLLOWERS = Query[DBBehind](
    select(
        FOLLOWERS.c.name,
        func.greatest(func.coalesce(_newest, 0) - FOLLOWERS.c.position, 0).cast(BigInteger).label("behind"),
        _age(_next).label("lag"),
    )
)
"""Gives how far each follower is behind the feed, by the positions alone: it counts no events.

A follower that there is no more would be ever further behind: the migration that drops it deletes its row.
"""

_of_listener = bindparam("of_listener", type_=Text)
_of_event = bindparam("of_event", type_=RichIdColumn(EventId))
_matches = and_(
    or_(_of_listener.is_(None), _H.listener == _of_listener), or_(_of_event.is_(None), _H.event_id == _of_event)
)
LIST_DEAD = Query[DBDeadLetter](
    select(
        _H.event_id,
        _H.tenant_id,
        _H.listener,
        OUTBOX.c.kind,
        _H.attempts,
        _H.last_error,
        _H.created_at,
        _H.updated_at,
    )
    .join_from(HANDOVERS, OUTBOX, and_(OUTBOX.c.id == _H.event_id, OUTBOX.c.tenant_id == _H.tenant_id), isouter=True)
    .where(_DEAD, _matches)
    .order_by(_H.updated_at.desc(), _H.event_id)
    .limit(bindparam("count", type_=Integer))
)
REDRIVE = Query[Any](
    update(HANDOVERS)
    .values(
        state=HandoverState.PENDING,
        attempts=0,
        next_attempt_at=func.now(),
        give_up_at=func.now() + (_H.give_up_at - _H.created_at),
        created_at=func.now(),
        updated_at=func.now(),
    )
    .where(_DEAD, _matches)
)
"""Lets what was given up begin anew, with as much time as it had."""

DELETE_SETTLED = Query[Any](
    delete_batch(HANDOVERS, lambda ended: ended.c.updated_at, lambda ended: ended.c.state == literal_column("'done'"))
)
