from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Text,
    all_,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    null,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import insert as upsert

from central.kernel.ids import TenantId, UserEmailId, UserId
from central.users.models import UserSort
from central_server.infra.db import Query, RichIdColumn, tenant_scope
from central_server.infra.db.parameters import parameters
from central_server.infra.outbox import outbox_insert_from
from central_server.users.tables import (
    USER_EMAILS,
    USER_ROLES,
    USERS,
    DBLockedUser,
    DBPrivileges,
    DBRoleGrant,
    DBSystemPermissions,
    DBUser,
    DBUserId,
)

_ID = bindparam("id", type_=RichIdColumn(UserId))
_OF_TENANT = bindparam("of_tenant", type_=RichIdColumn(TenantId))
_OF_ID = bindparam("of_id", type_=RichIdColumn(UserId))
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_USER = bindparam("user_id", type_=RichIdColumn(UserId))
_IS_ONE = and_(USERS.c.tenant_id == _TENANT, USERS.c.id == _ID)
_IS_CHANGED_ONE = and_(USERS.c.tenant_id == _OF_TENANT, USERS.c.id == _OF_ID)
_HELD_NOW = USER_ROLES.c.expires_at.is_(None) | (USER_ROLES.c.expires_at > func.now())
_OF_THIS_USER = and_(USER_ROLES.c.tenant_id == USERS.c.tenant_id, USER_ROLES.c.user_id == USERS.c.id)
_held = select(USER_ROLES.c.role).where(_OF_THIS_USER, _HELD_NOW).order_by(USER_ROLES.c.role).correlate(USERS)
_roles = func.array(_held.scalar_subquery(), type_=ARRAY(Text)).label("roles")
PLAIN_COLUMNS = tuple(column for column in USERS.c if column.name not in {"tenant_id", "system_permissions"})
COLUMNS = (*PLAIN_COLUMNS, _roles)

_SCOPE = tenant_scope()
_NEW_ROLES = bindparam("roles", type_=ARRAY(Text))
_CREATED = (
    insert(USERS)
    .from_select(
        ["tenant_id", "id", "email", "email_verified", "display_name"],
        select(
            _SCOPE.c.tenant,
            _ID,
            bindparam("email", type_=Text),
            bindparam("email_verified", type_=Boolean),
            bindparam("display_name", type_=Text),
        ),
    )
    .returning(USERS.c.tenant_id, *PLAIN_COLUMNS)
    .cte("created")
)
_ADDRESSED = (
    insert(USER_EMAILS)
    .from_select(
        ["tenant_id", "id", "user_id", "email", "verified", "verified_at"],
        select(
            _CREATED.c.tenant_id,
            bindparam("email_id", type_=RichIdColumn(UserEmailId)),
            _CREATED.c.id,
            _CREATED.c.email,
            _CREATED.c.email_verified,
            case((_CREATED.c.email_verified, func.now())),
        ),
    )
    .cte("addressed")
)
_GIVEN = func.unnest(_NEW_ROLES).table_valued("role", name="given").render_derived()
_GRANTED = (
    insert(USER_ROLES)
    .from_select(
        ["tenant_id", "user_id", "role", "granted_by"],
        select(
            _CREATED.c.tenant_id, _CREATED.c.id, _GIVEN.c.role, bindparam("granted_by", type_=RichIdColumn(UserId))
        ).select_from(_CREATED.join(_GIVEN, true())),
    )
    .cte("granted")
)
INSERT_USER = Query[DBUser](
    select(*(_CREATED.c[column.name] for column in PLAIN_COLUMNS), _NEW_ROLES.label("roles")).add_cte(
        _ADDRESSED, _GRANTED, outbox_insert_from(_CREATED, _CREATED.c.tenant_id)
    )
)
"""Makes the user with their address, roles and event in one round trip, which is a transaction of its own."""

GET_USER = Query[DBUser](select(*COLUMNS).where(_IS_ONE))
_LOCK = select(*COLUMNS, USERS.c.system_permissions).where(_IS_ONE)
LOCK_USER = Query[DBLockedUser](_LOCK.with_for_update(key_share=True, of=USERS))
LOCK_USER_TO_DELETE = Query[DBLockedUser](_LOCK.with_for_update(of=USERS))
HOLD_ACTIVE_USER = Query[DBUser](
    select(*COLUMNS).where(_IS_ONE, USERS.c.state == "active").with_for_update(key_share=True, of=USERS)
)
"""The lock that the change which follows needs: two sign-ins that shared a weaker one would wait for each other."""
GET_USER_BY_EMAIL = Query[DBUser](
    select(*COLUMNS)
    .join(
        USER_EMAILS,
        and_(USER_EMAILS.c.tenant_id == USERS.c.tenant_id, USER_EMAILS.c.user_id == USERS.c.id),
    )
    .where(
        USERS.c.tenant_id == _TENANT,
        USER_EMAILS.c.tenant_id == _TENANT,
        func.lower(USER_EMAILS.c.email) == func.lower(bindparam("email", type_=Text)),
        USER_EMAILS.c.verified | (USER_EMAILS.c.email == USERS.c.email),
    )
)
"""Whose address it is: the primary one, or another that was proven. An unproven claim finds nobody."""

LOCK_OWNERS = Query[None](
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("owners_key", type_=Text), 0)).label("locked"))
)
"""Lets one at a time decide whether an owner of a tenant may go.

It is taken after the lock of the user in question. Locks of the owners' rows would go round in a ring: a request with
an `Idempotency-Key` holds its own user's row already, by a foreign key, and so keeps it from being deleted.
"""
LIST_ACTIVE_OWNERS = Query[DBUserId](
    select(USERS.c.id)
    .join(USER_ROLES, _OF_THIS_USER)
    .where(
        USERS.c.tenant_id == _TENANT,
        USER_ROLES.c.tenant_id == _TENANT,
        USER_ROLES.c.role == "owner",
        USER_ROLES.c.expires_at.is_(None),
        USERS.c.state == "active",
    )
)
"""Those who own the tenant without an end. Under READ COMMITTED, this sees what whoever had `LOCK_OWNERS` before has
committed."""

UPDATE_USER = Query[DBUser](
    update(USERS)
    .where(_IS_CHANGED_ONE)
    .values(
        display_name=func.coalesce(bindparam("new_display_name", type_=Text), USERS.c.display_name),
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
    .values(last_sign_in_at=func.now())
    .returning(_roles, USERS.c.system_permissions)
)
GET_SYSTEM_PERMISSIONS = Query[DBSystemPermissions](select(USERS.c.system_permissions).where(_IS_ONE))
SET_SYSTEM_PERMISSIONS = Query[DBUserId](
    update(USERS)
    .where(_IS_CHANGED_ONE)
    .values(system_permissions=bindparam("new_permissions", type_=ARRAY(Text)))
    .returning(USERS.c.id)
)

_OF_USER = bindparam("of_user", type_=RichIdColumn(UserId))
_NEW_EMAIL = bindparam("new_email", type_=Text)
_IS_SAME_EMAIL = func.lower(USER_EMAILS.c.email) == func.lower(_NEW_EMAIL)
REPLACE_PRIMARY_EMAIL = Query[None](
    update(USER_EMAILS)
    .where(
        USER_EMAILS.c.tenant_id == _OF_TENANT,
        USER_EMAILS.c.user_id == _OF_USER,
        USER_EMAILS.c.email == bindparam("of_email", type_=Text),
    )
    .values(
        email=_NEW_EMAIL,
        verified=USER_EMAILS.c.verified & _IS_SAME_EMAIL,
        verified_at=case((_IS_SAME_EMAIL, USER_EMAILS.c.verified_at)),
    )
)
"""The foreign key carries the change on to `users`. Another address counts as not verified."""

MARK_EMAIL_VERIFIED = Query[None](
    update(USER_EMAILS)
    .where(
        USER_EMAILS.c.tenant_id == _OF_TENANT,
        USER_EMAILS.c.user_id == _OF_USER,
        func.lower(USER_EMAILS.c.email) == func.lower(bindparam("of_email", type_=Text)),
        ~USER_EMAILS.c.verified,
    )
    .values(verified=true(), verified_at=func.now())
)

LIST_ROLE_GRANTS = Query[DBRoleGrant](
    select(*(column for column in USER_ROLES.c if column.name not in {"tenant_id", "user_id"}))
    .where(USER_ROLES.c.tenant_id == _TENANT, USER_ROLES.c.user_id == _USER, _HELD_NOW)
    .order_by(USER_ROLES.c.role)
)
REVOKE_OTHER_ROLES = Query[None](
    delete_from(USER_ROLES).where(
        USER_ROLES.c.tenant_id == _TENANT,
        USER_ROLES.c.user_id == _USER,
        USER_ROLES.c.role != all_(bindparam("kept", type_=ARRAY(Text))),
    )
)
_grant = upsert(USER_ROLES).values(
    parameters("tenant_id", "user_id", "role", "expires_at", "connector_id", "granted_by")
)
GRANT_ROLE = Query[None](
    _grant.on_conflict_do_update(
        index_elements=["tenant_id", "user_id", "role"],
        set_={name: _grant.excluded[name] for name in ("expires_at", "connector_id", "granted_by")}
        | {"granted_at": func.now()},
    )
)
"""Gives a role; one that is held already gets the new end."""


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
        conditions.append(
            exists().where(
                USER_EMAILS.c.tenant_id == _TENANT,
                USER_EMAILS.c.user_id == USERS.c.id,
                func.lower(USER_EMAILS.c.email) == func.lower(bindparam("email", type_=Text)),
            )
        )
    if shape.by_state:
        conditions.append(USERS.c.state == bindparam("state"))
    if shape.by_role:
        conditions.append(
            exists().where(
                USER_ROLES.c.tenant_id == _TENANT,
                USER_ROLES.c.user_id == USERS.c.id,
                USER_ROLES.c.role == bindparam("role", type_=Text),
                _HELD_NOW,
            )
        )
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
