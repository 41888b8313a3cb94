from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, ColumnElement, DateTime, Text, any_, bindparam, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from central.kernel.ids import EventId, TenantId, UserId
from central_server.events.tables import EVENT_CONSUMERS, DBConsumer, DBEvent, DBPlace
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.outbox.tables import OUTBOX

_O = OUTBOX.c
_time = DateTime(timezone=True)
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_SHOWN = (_O.id, _O.kind, _O.payload, _O.created_at, _O.position)
_IS_OF_KIND = _O.kind == any_(bindparam("kinds", type_=ARRAY(Text)))


class EventFilters(NamedTuple):
    """Which conditions a list has; each choice is one statement, compiled once."""

    kind: bool = False
    actor: bool = False
    target: bool = False
    after: bool = False
    before: bool = False


@cache
def list_events(filters: EventFilters, *, goes_on: bool) -> Query[DBEvent]:
    """Give the statement of a list, newest first: keyset on the time and the id."""
    conditions: list[ColumnElement[Any]] = [_O.tenant_id == _TENANT]
    if filters.kind:
        conditions.append(_IS_OF_KIND)
    if filters.actor:
        conditions.append(_O.actor == bindparam("actor", type_=RichIdColumn(UserId)))
    if filters.target:
        conditions.append(_O.target == bindparam("target", type_=Text))
    if filters.after:
        conditions.append(_O.created_at >= bindparam("after", type_=_time))
    if filters.before:
        conditions.append(_O.created_at < bindparam("before", type_=_time))
    if goes_on:
        last = tuple_(bindparam("last_key", type_=_time), bindparam("last_id", type_=RichIdColumn(EventId)))
        conditions.append(tuple_(_O.created_at, _O.id) < last)
    listed = select(*_SHOWN).where(*conditions)
    return Query(listed.order_by(_O.created_at.desc(), _O.id.desc()).limit(bindparam("count")))


_FEED = (
    select(*_SHOWN)
    .where(_O.tenant_id == _TENANT, _O.position > bindparam("position", type_=BigInteger))
    .order_by(_O.position)
    .limit(bindparam("count"))
)
READ_FEED = Query[DBEvent](_FEED)
READ_FEED_OF_KINDS = Query[DBEvent](_FEED.where(_IS_OF_KIND))
LAST_IN_FEED = Query[DBEvent](
    select(*_SHOWN).where(_O.tenant_id == _TENANT, _O.position.is_not(None)).order_by(_O.position.desc()).limit(1)
)
GET_PLACE = Query[DBPlace](
    select(_O.position).where(_O.tenant_id == _TENANT, _O.id == bindparam("id", type_=RichIdColumn(EventId)))
)
GET_CONSUMER = Query[DBConsumer](
    select(EVENT_CONSUMERS.c.name, EVENT_CONSUMERS.c.event_id, EVENT_CONSUMERS.c.position).where(
        EVENT_CONSUMERS.c.tenant_id == _TENANT, EVENT_CONSUMERS.c.name == bindparam("name", type_=Text)
    )
)
_acknowledged = upsert(EVENT_CONSUMERS).values(
    tenant_id=_TENANT,
    name=bindparam("name", type_=Text),
    event_id=bindparam("event_id", type_=RichIdColumn(EventId)),
    position=bindparam("position", type_=BigInteger),
)
ACKNOWLEDGE = Query[DBConsumer](
    _acknowledged.on_conflict_do_update(
        index_elements=["tenant_id", "name"],
        set_={
            "event_id": _acknowledged.excluded.event_id,
            "position": _acknowledged.excluded.position,
            "updated_at": func.now(),
        },
        where=EVENT_CONSUMERS.c.position < _acknowledged.excluded.position,
    ).returning(EVENT_CONSUMERS.c.name, EVENT_CONSUMERS.c.event_id, EVENT_CONSUMERS.c.position)
)
"""Moves a consumer on; gives nothing where it has read further already."""
