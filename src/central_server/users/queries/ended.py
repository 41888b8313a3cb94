from sqlalchemy import Text, bindparam, delete, func, select

from central_server.infra.db import Query
from central_server.infra.db.deleting import delete_batch
from central_server.users.queries.columns import OF_TENANT, OF_USER
from central_server.users.tables import EMAIL_VERIFICATIONS, USER_ROLES, DBEndedRole

DELETE_EMAIL_VERIFICATIONS = Query[None](delete_batch(EMAIL_VERIFICATIONS, lambda ended: ended.c.expires_at))

_R = USER_ROLES.c
_HAS_ENDED = _R.expires_at <= func.now()
_WHICH = (_R.tenant_id, _R.user_id, _R.role)
LIST_ENDED_ROLES = Query[DBEndedRole](
    select(*_WHICH).where(_HAS_ENDED).order_by(_R.expires_at).limit(bindparam("count"))
)
END_ROLE = Query[DBEndedRole](
    delete(USER_ROLES)
    .where(_R.tenant_id == OF_TENANT, _R.user_id == OF_USER, _R.role == bindparam("of_role", type_=Text), _HAS_ENDED)
    .returning(*_WHICH)
)
"""Whoever comes second, or after a new end was set, gets nothing, and tells nothing."""
