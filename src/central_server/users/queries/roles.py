from sqlalchemy import ARRAY, Text, all_, bindparam, func, select
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import insert as upsert

from central_server.infra.db import Query
from central_server.infra.db.parameters import parameters
from central_server.users.queries.columns import HELD_NOW, TENANT, USER
from central_server.users.tables import USER_ROLES, DBRoleGrant

_COLUMNS = tuple(column for column in USER_ROLES.c if column.name not in {"tenant_id", "user_id"})
_OF_USER = (USER_ROLES.c.tenant_id == TENANT, USER_ROLES.c.user_id == USER)
_ROLE = bindparam("role", type_=Text)

LIST_ROLE_GRANTS = Query[DBRoleGrant](select(*_COLUMNS).where(*_OF_USER, HELD_NOW).order_by(USER_ROLES.c.role))
REVOKE_ROLE = Query[DBRoleGrant](
    delete_from(USER_ROLES).where(*_OF_USER, USER_ROLES.c.role == _ROLE).returning(*_COLUMNS)
)
REVOKE_OTHER_ROLES = Query[None](
    delete_from(USER_ROLES).where(*_OF_USER, USER_ROLES.c.role != all_(bindparam("kept", type_=ARRAY(Text))))
)
_grant = upsert(USER_ROLES).values(
    parameters("tenant_id", "user_id", "role", "expires_at", "connector_id", "granted_by")
)
GRANT_ROLE = Query[DBRoleGrant](
    _grant.on_conflict_do_update(
        index_elements=["tenant_id", "user_id", "role"],
        set_={name: _grant.excluded[name] for name in ("expires_at", "connector_id", "granted_by")}
        | {"granted_at": func.now()},
    ).returning(*_COLUMNS)
)
"""Gives a role; one that is held already gets the new end."""
