from sqlalchemy import Text, and_, bindparam, func, insert, select
from sqlalchemy import delete as delete_from

from central.kernel.ids import EmailChangeId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.parameters import parameters
from central_server.users.queries.columns import OF_TENANT, OF_USER, TENANT, TENANTS
from central_server.users.tables import EMAIL_CHANGES, USERS, DBEmailChange

_ID = bindparam("id", type_=RichIdColumn(EmailChangeId))

INSERT_EMAIL_CHANGE = Query[None](
    insert(EMAIL_CHANGES).values(parameters("tenant_id", "id", "user_id", "former_email", "changed_by"))
)
TAKE_BACK_EMAIL_CHANGE = Query[None](
    delete_from(EMAIL_CHANGES).where(
        EMAIL_CHANGES.c.tenant_id == OF_TENANT,
        EMAIL_CHANGES.c.user_id == OF_USER,
        func.lower(EMAIL_CHANGES.c.former_email) == func.lower(bindparam("new_email", type_=Text)),
        EMAIL_CHANGES.c.changed_at == func.now(),
    )
)
"""Forgets a change of this very transaction, whose time is the transaction's, when the address comes back in it."""

_CHANGER = USERS.alias("changer")
GET_EMAIL_CHANGE = Query[DBEmailChange](
    select(
        EMAIL_CHANGES.c.former_email,
        EMAIL_CHANGES.c.changed_at,
        TENANTS.c.name.label("tenant_name"),
        (EMAIL_CHANGES.c.changed_by == EMAIL_CHANGES.c.user_id).label("by_themselves"),
        _CHANGER.c.display_name.label("changer_name"),
    )
    .select_from(EMAIL_CHANGES)
    .join(TENANTS, TENANTS.c.id == EMAIL_CHANGES.c.tenant_id)
    .outerjoin(
        _CHANGER,
        and_(_CHANGER.c.tenant_id == EMAIL_CHANGES.c.tenant_id, _CHANGER.c.id == EMAIL_CHANGES.c.changed_by),
    )
    .where(EMAIL_CHANGES.c.tenant_id == TENANT, TENANTS.c.id == TENANT, EMAIL_CHANGES.c.id == _ID)
)
FORGET_EMAIL_CHANGE = Query[None](
    delete_from(EMAIL_CHANGES).where(EMAIL_CHANGES.c.tenant_id == TENANT, EMAIL_CHANGES.c.id == _ID)
)
