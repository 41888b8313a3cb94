"""Statements of those who follow the feed of all tenants inside the database."""

from typing import Any

from sqlalchemy import BigInteger, Float, Integer, Text, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from central.kernel.ids import EventId, TenantId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.outbox.tables import FOLLOWERS, HANDOVERS, OUTBOX, DBFeedEvent

_later = func.now() + seconds(bindparam("delay", type_=Float))

READ_FEED_OF_ALL = Query[DBFeedEvent](
    select(OUTBOX.c.id, OUTBOX.c.tenant_id, OUTBOX.c.kind, OUTBOX.c.payload, OUTBOX.c.position)
    .where(OUTBOX.c.position > bindparam("behind", type_=BigInteger))
    .order_by(OUTBOX.c.position)
    .limit(bindparam("count", type_=Integer))
)
START_FOLLOWER = Query[Any](
    upsert(FOLLOWERS).values(name=bindparam("name", type_=Text), position=0).on_conflict_do_nothing()
)
LOCK_FOLLOWER = Query[int](
    select(FOLLOWERS.c.position)
    .where(FOLLOWERS.c.name == bindparam("name", type_=Text))
    .with_for_update(skip_locked=True)
)
MOVE_FOLLOWER = Query[Any](
    update(FOLLOWERS)
    .values(position=bindparam("new_position", type_=BigInteger), updated_at=func.now())
    .where(FOLLOWERS.c.name == bindparam("of_name", type_=Text))
)
SET_ASIDE = Query[Any](
    upsert(HANDOVERS)
    .values(
        tenant_id=bindparam("tenant_id", type_=RichIdColumn(TenantId)),
        event_id=bindparam("event_id", type_=RichIdColumn(EventId)),
        listener=bindparam("listener", type_=Text),
        attempts=1,
        next_attempt_at=_later,
        give_up_at=func.now() + seconds(bindparam("within", type_=Float)),
        last_error=bindparam("error", type_=Text),
    )
    .on_conflict_do_nothing()
)
"""Notes an event that a follower failed with, so that it goes on without it."""
