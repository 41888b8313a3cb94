"""The shape of the tree: the lock that whoever changes it takes first, places among siblings, and the paths.

Under the lock, what was read is so until the transaction ends: no unit gets below itself, however many are moved.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    and_,
    any_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)

from central_server.infra.db import Query
from central_server.infra.db.parameters import parameters
from central_server.units.queries.columns import (
    COLUMNS,
    IS_CHANGED_ONE,
    OF_TENANT,
    PARENT,
    SOME_UNITS,
    TENANT,
    UNIT,
)
from central_server.units.tables import STEP, UNIT_PATHS, UNITS, DBHeights, DBNamedUnit, DBSiblings, DBUnit, DBUnitId

LOCK_STRUCTURE = Query[None](
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("units_key", type_=Text), 0)).label("locked"))
)
"""Lets one at a time change the shape of a tenant's tree."""

_IS_SIBLING = and_(
    UNITS.c.tenant_id == TENANT,
    or_(UNITS.c.parent_id == PARENT, and_(UNITS.c.parent_id.is_(None), PARENT.is_(None))),
    UNITS.c.id != UNIT,
)
_BEFORE = bindparam("before", type_=BigInteger)
_AFTER = bindparam("after", type_=BigInteger)
FIND_PLACE = Query[DBSiblings](
    select(
        func.count().label("number"),
        func.max(UNITS.c.position).filter(or_(_BEFORE.is_(None), UNITS.c.position < _BEFORE)).label("before"),
        func.min(UNITS.c.position).filter(UNITS.c.position > _AFTER).label("after"),
    ).where(_IS_SIBLING)
)
"""What stands next to a place: the last position before `before`, or of all, and the first behind `after`."""

_ranked = (
    select(UNITS.c.id, func.row_number().over(order_by=(UNITS.c.position, UNITS.c.id)).label("rank"))
    .where(_IS_SIBLING)
    .cte("ranked")
)
SPREAD_SIBLINGS = Query[DBUnitId](
    update(UNITS)
    .where(UNITS.c.tenant_id == OF_TENANT, UNITS.c.id == _ranked.c.id)
    .values(position=_ranked.c.rank * STEP, version=UNITS.c.version + 1, updated_at=func.now())
    .returning(UNITS.c.id)
)
"""Makes room between all siblings; their order stays."""

_above = select(func.max(UNIT_PATHS.c.distance) + 1).where(
    UNIT_PATHS.c.tenant_id == TENANT, UNIT_PATHS.c.unit_id == PARENT
)
_levels = select(func.max(UNIT_PATHS.c.distance) + 1).where(
    UNIT_PATHS.c.tenant_id == TENANT, UNIT_PATHS.c.ancestor_id == UNIT
)
_inside = exists().where(
    UNIT_PATHS.c.tenant_id == TENANT, UNIT_PATHS.c.ancestor_id == UNIT, UNIT_PATHS.c.unit_id == PARENT
)
MEASURE = Query[DBHeights](
    select(
        func.coalesce(_above.scalar_subquery(), 0).label("above"),
        func.coalesce(_levels.scalar_subquery(), 1).label("levels"),
        _inside.label("inside"),
    )
)
"""How many units would stand above `unit` below `parent`, how many levels it has, and whether it is above `parent`."""

_p = UNIT_PATHS.alias("upper")
_below = UNIT_PATHS.alias("lower")


def _ours(*paths: Any) -> tuple[ColumnElement[bool], ...]:
    return tuple(path.c.tenant_id == TENANT for path in paths)


INSERT_OWN_PATH = Query[None](
    insert(UNIT_PATHS).values(parameters("tenant_id", "ancestor_id", "unit_id") | {"distance": literal(0)})
)
JOIN_PATHS = Query[None](
    insert(UNIT_PATHS).from_select(
        ["tenant_id", "ancestor_id", "unit_id", "distance"],
        select(TENANT, _p.c.ancestor_id, _below.c.unit_id, _p.c.distance + _below.c.distance + 1).where(
            *_ours(_p, _below), _p.c.unit_id == PARENT, _below.c.ancestor_id == UNIT
        ),
    )
)
"""Puts a subtree below a parent. Below itself it cannot be put: two paths of the same ends are refused."""

CUT_PATHS = Query[None](
    delete(UNIT_PATHS).where(
        UNIT_PATHS.c.tenant_id == OF_TENANT,
        UNIT_PATHS.c.unit_id == _below.c.unit_id,
        UNIT_PATHS.c.ancestor_id == _p.c.ancestor_id,
        *_ours(_p, _below),
        _below.c.ancestor_id == UNIT,
        _p.c.unit_id == UNIT,
        _p.c.distance > 0,
    )
)
"""Takes a subtree from all that stand above it."""

PLACE_UNIT = Query[DBUnit](
    update(UNITS)
    .where(IS_CHANGED_ONE)
    .values(
        parent_id=PARENT,
        position=bindparam("new_position", type_=BigInteger),
        version=UNITS.c.version + 1,
        updated_at=func.now(),
    )
    .returning(*COLUMNS)
)
_of_subtree = and_(
    UNITS.c.tenant_id == TENANT,
    UNIT_PATHS.c.tenant_id == TENANT,
    UNIT_PATHS.c.ancestor_id == UNIT,
    UNIT_PATHS.c.unit_id == UNITS.c.id,
)
_archived_at = bindparam("archived_at", type_=DateTime(timezone=True))
LOCK_SUBTREE = Query[DBNamedUnit](
    select(UNITS.c.id, UNITS.c.name)
    .where(_of_subtree)
    .order_by(UNIT_PATHS.c.distance, UNITS.c.position, UNITS.c.id)
    .limit(bindparam("count", type_=Integer))
    .with_for_update(of=UNITS)
)
LIST_SUBTREE_ARCHIVED = Query[DBNamedUnit](
    select(UNITS.c.id, UNITS.c.name)
    .where(
        _of_subtree,
        case(
            (_archived_at.is_(None), UNITS.c.archived_at.is_(None)),
            else_=UNITS.c.archived_at == _archived_at,
        ),
    )
    .order_by(UNIT_PATHS.c.distance)
    .limit(bindparam("count", type_=Integer))
)
"""What of a subtree is not archived, or was archived at just that time."""

_CHANGED = (UNITS.c.tenant_id == OF_TENANT, UNITS.c.id == any_(SOME_UNITS))
ARCHIVE_UNITS = Query[DBUnit](
    update(UNITS)
    .where(*_CHANGED)
    .values(archived_at=func.now(), version=UNITS.c.version + 1, updated_at=func.now())
    .returning(*COLUMNS)
)
RESTORE_UNITS = Query[DBUnit](
    update(UNITS)
    .where(*_CHANGED)
    .values(archived_at=null(), version=UNITS.c.version + 1, updated_at=func.now())
    .returning(*COLUMNS)
)
DELETE_UNITS = Query[None](delete(UNITS).where(UNITS.c.tenant_id == TENANT, UNITS.c.id == any_(SOME_UNITS)))
