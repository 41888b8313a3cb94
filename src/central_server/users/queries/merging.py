from sqlalchemy import ColumnElement, FromClause, and_, bindparam, func, or_, select, update

from central.kernel.ids import UserId
from central_server.infra.db import Query, RichIdColumn
from central_server.users.queries.columns import (
    IDENTITIES,
    OF_TENANT,
    OF_USER,
    TENANT,
    UNIT_ASSIGNMENTS,
    USER,
)
from central_server.users.tables import DBAssignmentOfUser, DBConnectorOfUser

_OTHER = bindparam("other", type_=RichIdColumn(UserId))
_theirs = IDENTITIES.alias("theirs")
_ours = IDENTITIES.alias("ours")
_has_one = (
    select(_ours.c.user_id)
    .where(_ours.c.tenant_id == TENANT, _ours.c.user_id == USER, _ours.c.connector_id == _theirs.c.connector_id)
    .exists()
)
LIST_IDENTITIES = Query[DBConnectorOfUser](
    select(_theirs.c.connector_id, _has_one.label("has_one")).where(
        _theirs.c.tenant_id == TENANT, _theirs.c.user_id == _OTHER
    )
)
"""By which connectors `other` signs in, and whether the user does so already as somebody else."""

_kept = IDENTITIES.alias("kept")
MOVE_IDENTITIES = Query[None](
    update(IDENTITIES)
    .where(
        IDENTITIES.c.tenant_id == OF_TENANT,
        IDENTITIES.c.user_id == _OTHER,
        ~select(_kept.c.user_id)
        .where(
            and_(
                _kept.c.tenant_id == OF_TENANT,
                _kept.c.user_id == OF_USER,
                _kept.c.connector_id == IDENTITIES.c.connector_id,
            )
        )
        .exists(),
    )
    .values(user_id=OF_USER)
)
_given = UNIT_ASSIGNMENTS.alias("given")
_present = UNIT_ASSIGNMENTS.alias("present")


def _overlaps(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Say that two assignments are to the same unit at the same time."""
    return and_(
        one.c.unit_id == other.c.unit_id,
        or_(other.c.ends_at.is_(None), one.c.starts_at < other.c.ends_at),
        or_(one.c.ends_at.is_(None), other.c.starts_at < one.c.ends_at),
    )


LIST_ASSIGNMENTS = Query[DBAssignmentOfUser](
    select(
        _given.c.unit_id,
        _given.c.role,
        select(_present.c.user_id)
        .where(_present.c.tenant_id == TENANT, _present.c.user_id == USER, _overlaps(_present, _given))
        .exists()
        .label("has_one"),
    ).where(_given.c.tenant_id == TENANT, _given.c.user_id == _OTHER)
)
"""In which units `other` is, was or will be, and whether the user is there at the same time."""

MOVE_ASSIGNMENTS = Query[None](
    update(UNIT_ASSIGNMENTS)
    .where(
        UNIT_ASSIGNMENTS.c.tenant_id == OF_TENANT,
        UNIT_ASSIGNMENTS.c.user_id == _OTHER,
        ~select(_present.c.user_id)
        .where(
            _present.c.tenant_id == OF_TENANT,
            _present.c.user_id == OF_USER,
            _overlaps(_present, UNIT_ASSIGNMENTS),
        )
        .exists(),
    )
    .values(user_id=OF_USER)
)
LOCK_MERGES = Query[None](
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("merges_key"), 0)).label("locked"))
)
"""Lets one merge at a time happen in a tenant: two that shared a user would wait for each other."""
