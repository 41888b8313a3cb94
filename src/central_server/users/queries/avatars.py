from sqlalchemy import Text, bindparam, func, update
from sqlalchemy.dialects.postgresql import JSONB

from central_server.infra.db import Query
from central_server.users.queries.columns import COLUMNS, IS_CHANGED_ONE, OF_TENANT
from central_server.users.tables import USERS, DBUser

_CHANGED = {"version": USERS.c.version + 1, "updated_at": func.now()}
SET_AVATAR = Query[DBUser](
    update(USERS)
    .where(IS_CHANGED_ONE)
    .values({"avatar": bindparam("new_avatar", type_=JSONB(none_as_null=True)), **_CHANGED})
    .returning(*COLUMNS)
)
FORGET_AVATAR = Query[DBUser](
    update(USERS)
    .where(USERS.c.tenant_id == OF_TENANT, USERS.c.avatar_image_id == bindparam("image", type_=Text))
    .values({"avatar": None, **_CHANGED})
    .returning(*COLUMNS)
)
