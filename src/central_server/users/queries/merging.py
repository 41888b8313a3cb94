from sqlalchemy import and_, bindparam, func, select, update

from central.kernel.ids import UserId
from central_server.infra.db import Query, RichIdColumn
from central_server.users.queries.columns import IDENTITIES, OF_TENANT, OF_USER, TENANT, USER
from central_server.users.tables import DBConnectorOfUser

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
LOCK_MERGES = Query[None](
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("merges_key"), 0)).label("locked"))
)
"""Lets one merge at a time happen in a tenant: two that shared a user would wait for each other."""
