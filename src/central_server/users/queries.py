from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Text,
    and_,
    any_,
    bindparam,
    case,
    func,
    insert,
    null,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy import delete as delete_from

from central.kernel.ids import UserId
from central.users.models import UserSort
from central_server.infra.db import Query, RichIdColumn, tenant_scope
from central_server.infra.outbox import outbox_insert_from
from central_server.users.tables import USERS, DBPrivileges, DBSystemPermissions, DBUser, DBUserId

COLUMNS = tuple(column for column in USERS.c if column.name not in {"tenant_id", "system_permissions"})
_ID = bindparam("id", type_=RichIdColumn(UserId))
_OF_ID = bindparam("of_id", type_=RichIdColumn(UserId))
_TENANT = bindparam("tenant_id", type_=USERS.c.tenant_id.type)
_IS_ONE = and_(USERS.c.tenant_id == _TENANT, USERS.c.id == _ID)
_IS_CHANGED_ONE = and_(USERS.c.tenant_id == bindparam("of_tenant", type_=USERS.c.tenant_id.type), USERS.c.id == _OF_ID)

_SCOPE = tenant_scope()
_CREATED = (
    insert(USERS)
    .from_select(
        ["tenant_id", "id", "email", "email_verified", "display_name", "roles"],
        select(
            _SCOPE.c.tenant,
            bindparam("id", type_=RichIdColumn(UserId)),
            bindparam("email", type_=Text),
            bindparam("email_verified", type_=Boolean),
            bindparam("display_name", type_=Text),
            bindparam("roles", type_=ARRAY(Text)),
        ),
    )
    .returning(USERS.c.tenant_id, *COLUMNS)
    .cte("created")
)
INSERT_USER = Query[DBUser](
    select(*(_CREATED.c[column.name] for column in COLUMNS)).add_cte(outbox_insert_from(_CREATED, _CREATED.c.tenant_id))
)
"""Makes the user and its event in one round trip, which is a transaction of its own."""

GET_USER = Query[DBUser](select(*COLUMNS).where(_IS_ONE))
LOCK_USER = Query[DBUser](select(*COLUMNS).where(_IS_ONE).with_for_update(key_share=True))
LOCK_USER_TO_DELETE = Query[DBUser](select(*COLUMNS).where(_IS_ONE).with_for_update())
HOLD_ACTIVE_USER = Query[DBUser](
    select(*COLUMNS).where(_IS_ONE, USERS.c.state == "active").with_for_update(key_share=True)
)
"""The lock that the change which follows needs: two sign-ins that shared a weaker one would wait for each other."""
GET_USER_BY_EMAIL = Query[DBUser](
    select(*COLUMNS).where(USERS.c.tenant_id == _TENANT, func.lower(USERS.c.email) == func.lower(bindparam("email")))
)
LOCK_OWNERS = Query[None](
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("owners_key", type_=Text), 0)).label("locked"))
)
"""Lets one at a time decide whether an owner of a tenant may go.

It is taken after the lock of the user in question. Locks of the owners' rows would go round in a ring: a request with
an `Idempotency-Key` holds its own user's row already, by a foreign key, and so keeps it from being deleted.
"""
LIST_ACTIVE_OWNERS = Query[DBUserId](
    select(USERS.c.id).where(USERS.c.tenant_id == _TENANT, any_(USERS.c.roles) == "owner", USERS.c.state == "active")
)
"""Under READ COMMITTED, this sees what whoever had `LOCK_OWNERS` before has committed."""

_NEW_EMAIL = bindparam("new_email", type_=Text)
UPDATE_USER = Query[DBUser](
    update(USERS)
    .where(_IS_CHANGED_ONE)
    .values(
        display_name=func.coalesce(bindparam("new_display_name", type_=Text), USERS.c.display_name),
        email=func.coalesce(_NEW_EMAIL, USERS.c.email),
        email_verified=case((func.lower(_NEW_EMAIL) != func.lower(USERS.c.email), False), else_=USERS.c.email_verified),
        roles=func.coalesce(bindparam("new_roles", type_=ARRAY(Text)), USERS.c.roles),
        version=USERS.c.version + 1,
        updated_at=func.now(),
    )
    .returning(*COLUMNS)
)
DISABLE_USER = Query[DBUser](
    update(USERS)
    .where(_IS_CHANGED_ONE, USERS.c.state == "active")
    .values(state="disabled", disabled_at=func.now(), version=USERS.c.version + 1, updated_at=func.now())
    .returning(*COLUMNS)
)
ENABLE_USER = Query[DBUser](
    update(USERS)
    .where(_IS_CHANGED_ONE, USERS.c.state == "disabled")
    .values(state="active", disabled_at=null(), version=USERS.c.version + 1, updated_at=func.now())
    .returning(*COLUMNS)
)
DELETE_USER = Query[None](delete_from(USERS).where(_IS_ONE))
NOTE_SIGN_IN = Query[DBPrivileges](
    update(USERS)
    .where(_IS_CHANGED_ONE)
    .values(
        last_sign_in_at=func.now(),
        email_verified=USERS.c.email_verified | bindparam("proves_email", type_=Boolean),
    )
    .returning(USERS.c.roles, USERS.c.system_permissions)
)
GET_SYSTEM_PERMISSIONS = Query[DBSystemPermissions](select(USERS.c.system_permissions).where(_IS_ONE))
SET_SYSTEM_PERMISSIONS = Query[DBUserId](
    update(USERS)
    .where(_IS_CHANGED_ONE)
    .values(system_permissions=bindparam("new_permissions", type_=ARRAY(Text)))
    .returning(USERS.c.id)
)


class UserListShape(NamedTuple):
    """Which conditions a list has; each shape is one statement, compiled once."""

    by_email: bool
    by_state: bool
    by_role: bool
    by_text: bool
    sort: UserSort
    goes_on: bool


@cache
def list_users(shape: UserListShape) -> Query[DBUser]:
    """Give the statement of a list: keyset on the sort key and the id."""
    name = shape.sort.removeprefix("-")
    key = func.lower(USERS.c.email) if name == "email" else USERS.c[name]
    key_type = Text() if name == "email" else USERS.c[name].type
    conditions: list[ColumnElement[bool]] = [USERS.c.tenant_id == _TENANT]
    if shape.by_email:
        conditions.append(func.lower(USERS.c.email) == func.lower(bindparam("email", type_=Text)))
    if shape.by_state:
        conditions.append(USERS.c.state == bindparam("state"))
    if shape.by_role:
        conditions.append(bindparam("role", type_=Text) == any_(USERS.c.roles))
    if shape.by_text:
        pattern = bindparam("pattern", type_=Text)
        conditions.append(USERS.c.display_name.ilike(pattern) | USERS.c.email.ilike(pattern))
    descending = shape.sort.startswith("-")
    if shape.goes_on:
        here = tuple_(key, USERS.c.id)
        there = tuple_(bindparam("after_key", type_=key_type), bindparam("after_id", type_=RichIdColumn(UserId)))
        conditions.append(here < there if descending else here > there)
    order = (key.desc(), USERS.c.id.desc()) if descending else (key, USERS.c.id)
    return Query(select(*COLUMNS).where(and_(true(), *conditions)).order_by(*order).limit(bindparam("count")))
