"""What units were: written with every change, and listed."""

from sqlalchemy import (
    BigInteger,
    DateTime,
    Integer,
    Interval,
    any_,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    select,
    true,
    update,
)

from central.kernel.ids import UserId
from central_server.infra.db import Query, RichIdColumn
from central_server.units.queries.columns import OF_TENANT, SOME_UNITS, TENANT, UNIT
from central_server.units.tables import UNIT_VERSIONS, UNITS, DBMoment, DBUnitVersion

_v = UNIT_VERSIONS.c
_STATE = ("parent_id", "kind", "name", "code", "position", "single_holder", "archived_at")
_moment = (
    select(func.clock_timestamp(type_=DateTime(timezone=True)).label("at"))
    .cte("moment")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_closed = (
    update(UNIT_VERSIONS)
    .where(_v.tenant_id == OF_TENANT, _v.unit_id == any_(SOME_UNITS), _v.valid_until.is_(None))
    .values(
        valid_until=func.greatest(
            select(_moment.c.at).scalar_subquery(), _v.valid_from + cast(literal_column("'1 microsecond'"), Interval)
        )
    )
    .returning(_v.unit_id, _v.valid_until)
    .cte("closed")
)
# Joined, so that all are closed before the first row is inserted, and no unit has two states for a moment.
_all_closed = select(func.count().label("number")).select_from(_closed).cte("all_closed")
RECORD_VERSIONS = Query[None](
    insert(UNIT_VERSIONS).from_select(
        ["tenant_id", "unit_id", "version", "valid_from", *_STATE, "changed_by"],
        select(
            UNITS.c.tenant_id,
            UNITS.c.id,
            UNITS.c.version,
            func.coalesce(_closed.c.valid_until, select(_moment.c.at).scalar_subquery()),
            *(UNITS.c[name] for name in _STATE),
            bindparam("changed_by", type_=RichIdColumn(UserId)),
        )
        .select_from(UNITS.outerjoin(_closed, _closed.c.unit_id == UNITS.c.id).join(_all_closed, true()))
        .where(UNITS.c.tenant_id == OF_TENANT, UNITS.c.id == any_(SOME_UNITS)),
    )
)
"""Ends what these units, whose rows are locked, were until now, and begins what they are; nothing for one deleted.

By the clock, not by the transaction's beginning: whoever waited for a lock began before whom they waited for.
"""

NOW = Query[DBMoment](select(func.clock_timestamp(type_=DateTime(timezone=True)).label("at")))
_COLUMNS = tuple(column for column in _v if column.name != "tenant_id")
_HISTORY = select(*_COLUMNS).where(_v.tenant_id == TENANT, _v.unit_id == UNIT).order_by(_v.version.desc())
_COUNT = bindparam("count", type_=Integer)
LIST_HISTORY = Query[DBUnitVersion](_HISTORY.limit(_COUNT))
LIST_HISTORY_AFTER = Query[DBUnitVersion](
    _HISTORY.where(_v.version < bindparam("after_key", type_=BigInteger)).limit(_COUNT)
)
