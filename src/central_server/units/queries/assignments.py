"""Assignments: made, changed, found. Whether one holds is judged by time, where it is read."""

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
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
    null,
    or_,
    select,
    tuple_,
    update,
)

from central.kernel.ids import UnitAssignmentId, UnitId, UserId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.parameters import parameters
from central_server.units.queries.columns import OF_TENANT, SOME_UNITS, TENANT, UNIT
from central_server.units.tables import (
    UNIT_ASSIGNMENTS,
    UNIT_PATHS,
    UNITS,
    DBAssignment,
    DBCount,
    DBDueAssignment,
    DBHeldUnit,
    DBMoment,
)

_a = UNIT_ASSIGNMENTS.c
_ID = bindparam("assignment", type_=RichIdColumn(UnitAssignmentId))
_USER = bindparam("user", type_=RichIdColumn(UserId))
_TIME = DateTime(timezone=True)
_IS_ONE = and_(_a.tenant_id == TENANT, _a.id == _ID)
_IS_CHANGED_ONE = and_(_a.tenant_id == OF_TENANT, _a.id == _ID)


def held_at(moment: ColumnElement[Any]) -> ColumnElement[bool]:
    """Say that an assignment holds at a moment."""
    return and_(_a.starts_at <= moment, or_(_a.ends_at.is_(None), _a.ends_at > moment))


_HAS_ENDED = _a.ends_at <= func.now()
_state = case((_HAS_ENDED, "past"), (_a.starts_at > func.now(), "future"), else_="current").label("state")
ASSIGNMENT_COLUMNS = (*(_a[name] for name in DBAssignment.__annotations__ if name != "state"), _state)

HOLD_UNIT = Query[DBHeldUnit](
    select(UNITS.c.single_holder, UNITS.c.archived_at)
    .where(UNITS.c.tenant_id == TENANT, UNITS.c.id == UNIT)
    .with_for_update(key_share=True)
)
"""Lets one at a time change who is in a unit: many whom a constraint refuses would else wait for each other in a ring.

It is taken before the lock of an assignment.
"""

NOW = Query[DBMoment](select(func.now().label("at")))
"""As of the transaction's beginning, by which all else here is judged."""

GET_ASSIGNMENT = Query[DBAssignment](select(*ASSIGNMENT_COLUMNS).where(_IS_ONE))
LOCK_ASSIGNMENT = Query[DBAssignment](select(*ASSIGNMENT_COLUMNS).where(_IS_ONE).with_for_update())
INSERT_ASSIGNMENT = Query[DBAssignment](
    insert(UNIT_ASSIGNMENTS)
    .values(
        parameters("tenant_id", "id", "unit_id", "single_holder", "user_id", "role", "ends_at", "created_by")
        | {"starts_at": func.coalesce(bindparam("starts_at", type_=_TIME), func.now())}
    )
    .returning(*ASSIGNMENT_COLUMNS)
)
_new_start, _new_end = (bindparam(f"new_{name}", type_=_TIME) for name in ("starts_at", "ends_at"))
UPDATE_ASSIGNMENT = Query[DBAssignment](
    update(UNIT_ASSIGNMENTS)
    .where(_IS_CHANGED_ONE)
    .values(
        role=bindparam("new_role", type_=Text),
        single_holder=bindparam("new_single_holder", type_=Boolean),
        starts_at=_new_start,
        ends_at=_new_end,
        # What is to come again is told again.
        start_told_at=case((_new_start > func.now(), null()), else_=_a.start_told_at),
        end_told_at=case((func.coalesce(_new_end > func.now(), True), null()), else_=_a.end_told_at),
        version=_a.version + 1,
        updated_at=func.now(),
    )
    .returning(*ASSIGNMENT_COLUMNS)
)
DELETE_ASSIGNMENT = Query[None](delete(UNIT_ASSIGNMENTS).where(_IS_ONE))
FORGET_SHARING = Query[None](
    update(UNIT_ASSIGNMENTS)
    .where(_a.tenant_id == OF_TENANT, _a.unit_id == UNIT, _HAS_ENDED)
    .values(single_holder=null())
)
"""Lets a unit get a single holder although several held it once."""

COUNT_ASSIGNMENTS = Query[DBCount](
    select(func.count().label("number")).where(_a.tenant_id == TENANT, _a.unit_id == any_(SOME_UNITS))
)
DELETE_ASSIGNMENTS_OF = Query[DBAssignment](
    delete(UNIT_ASSIGNMENTS)
    .where(_a.tenant_id == TENANT, _a.unit_id == any_(SOME_UNITS))
    .returning(*ASSIGNMENT_COLUMNS)
)
_starts, _ends = bindparam("starts_at", type_=_TIME), bindparam("ends_at", type_=_TIME)
FIND_OTHER = Query[DBAssignment](
    select(*ASSIGNMENT_COLUMNS)
    .where(
        _a.tenant_id == TENANT,
        _a.unit_id == UNIT,
        or_(_a.user_id == _USER, _a.single_holder),
        _a.id != _ID,
        or_(_ends.is_(None), _a.starts_at < _ends),
        or_(_a.ends_at.is_(None), _a.ends_at > func.coalesce(_starts, func.now())),
    )
    .order_by(_a.starts_at)
    .limit(1)
)
"""What an assignment cannot be beside."""

_IS_STARTING = and_(_a.start_told_at.is_(None), _a.starts_at <= func.now())
_IS_ENDING = and_(_a.end_told_at.is_(None), _a.ends_at.is_not(None), _HAS_ENDED)
LIST_DUE = Query[DBDueAssignment](
    select(_a.tenant_id, _a.id)
    .where(or_(_IS_STARTING, _IS_ENDING))
    .order_by(_a.starts_at)
    .limit(bindparam("count", type_=Integer))
)
NOTE_STARTED = Query[DBAssignment](
    update(UNIT_ASSIGNMENTS)
    .where(_IS_CHANGED_ONE, _IS_STARTING)
    .values(start_told_at=func.now())
    .returning(*ASSIGNMENT_COLUMNS)
)
NOTE_ENDED = Query[DBAssignment](
    update(UNIT_ASSIGNMENTS)
    .where(_IS_CHANGED_ONE, _IS_ENDING)
    .values(end_told_at=func.now())
    .returning(*ASSIGNMENT_COLUMNS)
)
"""Whoever comes second, or after the moment was put off, gets nothing, and tells nothing."""


class AssignmentListShape(NamedTuple):
    """Which conditions a list has."""

    by_unit: bool
    by_subtree: bool
    by_user: bool
    by_role: bool
    by_moment: bool
    by_end: bool
    by_state: bool
    goes_on: bool


@cache
def list_assignments(shape: AssignmentListShape) -> Query[DBAssignment]:
    """Give the statement of a list, those that begin last first: keyset on the beginning and the id."""
    soon = func.now() + func.make_interval(0, 0, 0, bindparam("days", type_=Integer))
    below = exists().where(
        UNIT_PATHS.c.tenant_id == TENANT,
        UNIT_PATHS.c.ancestor_id == bindparam("below", type_=RichIdColumn(UnitId)),
        UNIT_PATHS.c.unit_id == _a.unit_id,
    )
    there = tuple_(bindparam("after_key", type_=_TIME), bindparam("after_id", type_=RichIdColumn(UnitAssignmentId)))
    possible: list[tuple[bool, ColumnElement[bool]]] = [
        (shape.by_unit, _a.unit_id == UNIT),
        (shape.by_subtree, below),
        (shape.by_user, _a.user_id == _USER),
        (shape.by_role, _a.role == bindparam("role", type_=Text)),
        (shape.by_moment, held_at(bindparam("at", type_=_TIME))),
        (shape.by_end, and_(held_at(func.now()), _a.ends_at <= soon)),
        (shape.by_state, _state == bindparam("state", type_=Text)),
        (shape.goes_on, tuple_(_a.starts_at, _a.id) < there),
    ]
    conditions = [_a.tenant_id == TENANT, *(condition for is_asked, condition in possible if is_asked)]
    listed = select(*ASSIGNMENT_COLUMNS).where(*conditions).order_by(_a.starts_at.desc(), _a.id.desc())
    return Query(listed.limit(bindparam("count", type_=Integer)))
