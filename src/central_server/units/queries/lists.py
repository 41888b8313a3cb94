"""Lists of units: each set of conditions is one statement, compiled once."""

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import UnitId
from central.units.models import UnitSort
from central_server.infra.db import Query, RichIdColumn
from central_server.units.queries.columns import COLUMNS, PARENT, TENANT
from central_server.units.tables import UNIT_PATHS, UNITS, DBListedUnit

_u = UNITS.c
_BELOW = bindparam("below", type_=RichIdColumn(UnitId))
_FROM = func.lower(bindparam("text", type_=Text))
_UNTIL = _FROM + "\U0010ffff"
_KEYS: dict[str, tuple[ColumnElement[Any], Any]] = {
    "position": (_u.position, BigInteger()),
    "name": (_u.name_key, Text()),
    "created_at": (_u.created_at, DateTime(timezone=True)),
}


class UnitListShape(NamedTuple):
    """Which conditions a list has."""

    by_parent: bool
    top: bool
    by_subtree: bool
    by_kind: bool
    by_tag: bool
    by_state: bool
    by_text: bool
    goes_on: bool


def _conditions(shape: UnitListShape) -> list[ColumnElement[bool]]:
    below = exists().where(
        UNIT_PATHS.c.tenant_id == TENANT,
        UNIT_PATHS.c.ancestor_id == _BELOW,
        UNIT_PATHS.c.unit_id == _u.id,
        UNIT_PATHS.c.distance > 0,
    )
    # A range of the key, not LIKE: row-level security lets an index be used for the one alone.
    begins = or_(*(and_(key >= _FROM, key < _UNTIL) for key in (_u.name_key, _u.code_key)))
    possible: list[tuple[bool, ColumnElement[bool]]] = [
        (shape.by_parent, _u.parent_id == PARENT),
        (shape.top, _u.parent_id.is_(None)),
        (shape.by_subtree, below),
        (shape.by_kind, _u.kind == bindparam("kind", type_=Text)),
        (shape.by_tag, _u.tags.contains(bindparam("tags", type_=JSONB))),
        (shape.by_state, _u.archived_at.is_not(None) == bindparam("archived", type_=Boolean)),
        (shape.by_text, begins),
    ]
    return [_u.tenant_id == TENANT, *(condition for is_asked, condition in possible if is_asked)]


@cache
def list_units(shape: UnitListShape, sort: UnitSort) -> Query[DBListedUnit]:
    """Give the statement of a list: keyset on the sort key and the id."""
    key, key_type = _KEYS[sort.removeprefix("-")]
    descending = sort.startswith("-")
    conditions = _conditions(shape)
    if shape.goes_on:
        here = tuple_(key, _u.id)
        there = tuple_(bindparam("after_key", type_=key_type), bindparam("after_id", type_=RichIdColumn(UnitId)))
        conditions.append(here < there if descending else here > there)
    order = (key.desc(), _u.id.desc()) if descending else (key, _u.id)
    listed = select(*COLUMNS, _u.name_key).where(*conditions).order_by(*order)
    return Query(listed.limit(bindparam("count", type_=Integer)))
