"""The tree as of a moment, in its own order, from any place on.

A page is a walk: from a unit to its first child; or, where there is none, to the next sibling of the lowest unit on the
way up that has one. So it takes as long on the first page of 100,000 units as on the last.
"""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from central.kernel.ids import UnitId
from central_server.infra.db import Query, RichIdColumn
from central_server.units.queries.columns import TENANT, UNIT
from central_server.units.tables import UNIT_VERSIONS, DBChartUnit, DBPlaceInChart

_AT = bindparam("at", type_=DateTime(timezone=True))
_ARCHIVED_TOO = bindparam("archived", type_=Boolean)
_UUIDS, _INTEGERS = ARRAY(Uuid), ARRAY(BigInteger)


def _then(versions: FromClause) -> ColumnElement[bool]:
    """Say that a version is of this tenant and was valid at the moment asked for."""
    return and_(
        versions.c.tenant_id == TENANT,
        versions.c.valid_from <= _AT,
        or_(versions.c.valid_until.is_(None), versions.c.valid_until > _AT),
    )


_lowest, _higher = UNIT_VERSIONS.alias("lowest"), UNIT_VERSIONS.alias("higher")
_up = (
    select(_lowest.c.unit_id, _lowest.c.parent_id, _lowest.c.position, literal(0, Integer).label("distance"))
    .where(_then(_lowest), _lowest.c.unit_id == UNIT)
    .cte("up", recursive=True)
)
_up = _up.union_all(
    select(_higher.c.unit_id, _higher.c.parent_id, _higher.c.position, _up.c.distance + 1)
    .select_from(_up.join(_higher, _higher.c.unit_id == _up.c.parent_id))
    .where(_then(_higher))
)
LIST_PLACES_THEN = Query[DBPlaceInChart](select(_up.c.unit_id, _up.c.position).order_by(_up.c.distance.desc()))
"""The way from the top down to a unit, as of a moment; nothing when the unit was not there."""

_walk: Any = select(
    bindparam("trail", type_=_UUIDS).label("trail"),
    bindparam("places", type_=_INTEGERS).label("places"),
    literal(0, Integer).label("step"),
).cte("walk", recursive=True)
_length = func.cardinality(_walk.c.trail, type_=Integer)


def _first_of(versions: Any, *conditions: ColumnElement[bool]) -> Any:
    """Choose the first of some siblings, in their order."""
    shown = or_(_ARCHIVED_TOO, versions.c.archived_at.is_(None))
    found = select(cast(versions.c.unit_id, Uuid).label("unit"), versions.c.position)
    return found.where(_then(versions), shown, *conditions).order_by(versions.c.position, versions.c.unit_id).limit(1)


def _behind(versions: Any, position: Any, unit: Any) -> ColumnElement[bool]:
    return tuple_(versions.c.position, cast(versions.c.unit_id, Uuid)) > tuple_(position, unit)


def _stepped(found: Any, rank: Any, kept: Any) -> Any:
    """Go from the first `kept` units of the trail on to what was found."""
    lost = _length - kept
    return select(
        rank.label("rank"),
        func.array_append(func.trim_array(_walk.c.trail, lost), found.c.unit, type_=_UUIDS).label("trail"),
        func.array_append(func.trim_array(_walk.c.places, lost), found.c.position, type_=_INTEGERS).label("places"),
    )


_c, _s, _r = (UNIT_VERSIONS.alias(name) for name in ("child", "sibling", "root"))
_child = _first_of(_c, _c.c.parent_id == _walk.c.trail[_length]).correlate(_walk).subquery("first_child")
_levels = func.generate_series(2, _length).table_valued("number", name="levels").render_derived()
_level = cast(_levels.c.number, Integer)
_sibling = (
    _first_of(
        _s,
        _s.c.parent_id == _walk.c.trail[_level - 1],
        _behind(_s, _walk.c.places[_level], _walk.c.trail[_level]),
    )
    .correlate(_walk, _levels)
    .lateral("next_sibling")
)
_root = (
    _first_of(
        _r,
        bindparam("whole", type_=Boolean),
        _r.c.parent_id.is_(None),
        or_(_length == 0, _behind(_r, _walk.c.places[1], _walk.c.trail[1])),
    )
    .correlate(_walk)
    .subquery("next_root")
)
_t = UNIT_VERSIONS.alias("top")
_top = _first_of(_t, _length == 0, _t.c.unit_id == bindparam("top", type_=RichIdColumn(UnitId)))
_top_of_part = _top.correlate(_walk).subquery("top_of_part")
_next = (
    union_all(
        _stepped(_child, literal(0, Integer), _length).select_from(_child).correlate(_walk),
        _stepped(_sibling, _length - _level + 1, _level - 1)
        .select_from(_levels.join(_sibling, true()))
        .correlate(_walk),
        _stepped(_top_of_part, literal(0, Integer), literal(0, Integer)).select_from(_top_of_part).correlate(_walk),
        _stepped(_root, literal(2**16, Integer), literal(0, Integer)).select_from(_root).correlate(_walk),
    )
    .order_by("rank")
    .limit(1)
    .lateral("next")
)
_walk = _walk.union_all(
    select(_next.c.trail, _next.c.places, _walk.c.step + 1)
    .select_from(_walk.join(_next, true()))
    .where(_walk.c.step < bindparam("count", type_=Integer))
)
_v = UNIT_VERSIONS.alias("shown")
_COLUMNS = tuple(_v.c[name] for name in DBChartUnit.__annotations__ if name != "level")
WALK = Query[DBChartUnit](
    select(*_COLUMNS, (func.cardinality(_walk.c.trail, type_=Integer) - 1).label("level"))
    .select_from(_walk.join(_v, cast(_v.c.unit_id, Uuid) == _walk.c.trail[func.cardinality(_walk.c.trail)]))
    .where(_then(_v), _walk.c.step > 0)
    .order_by(_walk.c.step)
)
"""The next `count` units behind the last of `trail`, which leads to it from the top; with `whole`, also of other roots.

`places` are the positions of the trail's units. With `top` it is the chart of a part: the trail begins there.
"""
