from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    any_,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from central.kernel.ids import EventId, TenantId, UserId
from central_server.events.tables import (
    EVENT_CONSUMERS,
    EVENT_RETENTIONS,
    DBConsumer,
    DBEvent,
    DBPlace,
    DBRetention,
    DBToldEvent,
)
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.outbox.tables import OUTBOX

_O = OUTBOX.c
_time = DateTime(timezone=True)
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_SHOWN = (_O.id, _O.kind, _O.payload, _O.created_at, _O.position)
_HERE = tuple_(_O.created_at, _O.id)
_LAST = tuple_(bindparam("last_key", type_=_time), bindparam("last_id", type_=RichIdColumn(EventId)))
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
    conditions = _conditions(filters)
    if goes_on:
        conditions.append(_HERE < _LAST)
    listed = select(*_SHOWN).where(*conditions)
    return Query(listed.order_by(_O.created_at.desc(), _O.id.desc()).limit(bindparam("count")))


@cache
def export_events(filters: EventFilters, *, goes_on: bool) -> Query[DBToldEvent]:
    """Give the statement of a page of an export, the earliest first."""
    conditions = _conditions(filters)
    if goes_on:
        conditions.append(_HERE > _LAST)
    exported = select(*_SHOWN, _O.target).where(*conditions)
    return Query(exported.order_by(_O.created_at, _O.id).limit(bindparam("count")))


def _conditions(filters: EventFilters) -> list[ColumnElement[Any]]:
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
    return conditions


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

GET_RETENTION = Query[DBRetention](select(EVENT_RETENTIONS.c.days).where(EVENT_RETENTIONS.c.tenant_id == _TENANT))
LOCK_RETENTION = Query[DBRetention](
    select(EVENT_RETENTIONS.c.days).where(EVENT_RETENTIONS.c.tenant_id == _TENANT).with_for_update()
)
_kept = upsert(EVENT_RETENTIONS).values(tenant_id=_TENANT, days=bindparam("days", type_=Integer))
SET_RETENTION = Query[None](
    _kept.on_conflict_do_update(
        index_elements=["tenant_id"], set_={"days": _kept.excluded.days, "updated_at": func.now()}
    )
)
_old = OUTBOX.alias("old")
_place: ColumnElement[Any] = literal_column("old.ctid")
_of_one = (
    select(_place.label("place"))
    .select_from(_old)
    .where(
        _old.c.tenant_id == EVENT_RETENTIONS.c.tenant_id,
        _old.c.created_at < func.now() - seconds(EVENT_RETENTIONS.c.days * 86_400),
        _old.c.state == literal_column("'done'"),
        _old.c.position.is_not(None),
    )
    .order_by(_old.c.created_at)
    .limit(bindparam("count", type_=Integer))
    .with_for_update(skip_locked=True)
    .lateral("of_one")
)
_chosen = (
    select(_of_one.c.place).select_from(EVENT_RETENTIONS.join(_of_one, true())).limit(bindparam("count", type_=Integer))
)
DELETE_OLD = Query[None](
    delete(OUTBOX).where(literal_column("outbox.ctid") == any_(func.array(_chosen.scalar_subquery())))
)
"""Deletes a batch of events that are older than their tenants keep them, tenant by tenant, by the index on their time.

What waits for a place in the feed, or for its effects, stays, and so do dead letters, which may be driven again.
"""
