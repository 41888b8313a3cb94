from functools import cache

from sqlalchemy import Integer, Text, bindparam, func, insert, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import TenantDeletionId, TenantId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters
from central_server.tenant_deletions.tables import TENANT_DELETIONS, DBDueDeletion, DBTenantDeletion

_ROW = TENANT_DELETIONS.c
_COLUMNS = tuple(_ROW)
_ID = bindparam("of_id", type_=RichIdColumn(TenantDeletionId))
_IS_OF_TENANT = _ROW.tenant_id == bindparam("tenant_id", type_=RichIdColumn(TenantId))
# Part of the text: PostgreSQL uses a partial index only for what it can see.
_IS_OPEN = text("state IN ('scheduled', 'deleting')")
_COUNT = bindparam("count", type_=Integer)

INSERT_DELETION = Query[DBTenantDeletion](
    insert(TENANT_DELETIONS)
    .values(
        parameters("id", "tenant_id", "slug", "state_before", "requested_by", "by_operator")
        | {"delete_after": func.now() + seconds(bindparam("window_seconds", type_=Integer))}
    )
    .returning(*_COLUMNS)
)
GET_DELETION = Query[DBTenantDeletion](select(*_COLUMNS).where(_ROW.id == _ID))
LOCK_DELETION = Query[DBTenantDeletion](select(*_COLUMNS).where(_ROW.id == _ID).with_for_update())
"""Whoever removes a batch has this lock, so that no two do, and each is counted once."""

GET_OPEN_DELETION = Query[DBTenantDeletion](select(*_COLUMNS).where(_IS_OF_TENANT, _IS_OPEN))
RESTORE_DELETION = Query[DBTenantDeletion](
    update(TENANT_DELETIONS)
    .where(_IS_OF_TENANT, _ROW.state == "scheduled", _ROW.delete_after > func.now())
    .values(state="restored", restored_at=func.now(), restored_by=bindparam("by", type_=_ROW.restored_by.type))
    .returning(*_COLUMNS)
)
"""Either this or the beginning finds it scheduled, never both."""

BEGIN_DELETION = Query[DBTenantDeletion](
    update(TENANT_DELETIONS)
    .where(_ROW.id == _ID, _IS_OPEN, _ROW.delete_after <= func.now())
    .values(state="deleting", started_at=func.coalesce(_ROW.started_at, func.now()))
    .returning(*_COLUMNS)
)
ADVANCE_DELETION = Query[DBTenantDeletion](
    update(TENANT_DELETIONS)
    .where(_ROW.id == _ID)
    .values(stage=bindparam("new_stage", type_=Text), removed=bindparam("new_removed", type_=JSONB))
    .returning(*_COLUMNS)
)
NOTE_GONE = Query[DBTenantDeletion](
    update(TENANT_DELETIONS).where(_ROW.id == _ID).values(gone_at=func.now()).returning(*_COLUMNS)
)
END_DELETION = Query[DBTenantDeletion](
    update(TENANT_DELETIONS)
    .where(_ROW.id == _ID, _ROW.state == "deleting")
    .values(state="deleted", ended_at=func.now())
    .returning(*_COLUMNS)
)
_RESTED = func.now() - seconds(bindparam("rest_seconds", type_=Integer))
LIST_DUE = Query[DBDueDeletion](
    select(_ROW.id, _ROW.gone_at.is_not(None).label("is_gone"))
    .where(_IS_OPEN, _ROW.delete_after <= func.now(), func.coalesce(_ROW.gone_at <= _RESTED, text("true")))
    .order_by(_ROW.delete_after)
    .limit(_COUNT)
)


@cache
def list_deletions(*, by_state: bool, goes_on: bool) -> Query[DBTenantDeletion]:
    """Give the statement of a list, newest first: keyset on the time and the id."""
    listed = select(*_COLUMNS)
    if by_state:
        listed = listed.where(_ROW.state == bindparam("state", type_=Text))
    if goes_on:
        after = (bindparam("after_key", type_=_ROW.requested_at.type), bindparam("after_id", type_=_ROW.id.type))
        listed = listed.where(tuple_(_ROW.requested_at, _ROW.id) < tuple_(*after))
    return Query(listed.order_by(_ROW.requested_at.desc(), _ROW.id.desc()).limit(_COUNT))
