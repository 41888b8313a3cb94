from sqlalchemy import ARRAY, Text, Uuid, and_, any_, bindparam, case, exists, func, insert, null, select, true, update
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import UserEmailId, UserId
from central_server.infra.db import Query, RichIdColumn, tenant_scope
from central_server.infra.outbox import outbox_insert_from
from central_server.users.queries.columns import (
    COLUMNS,
    ID,
    IS_CHANGED_ONE,
    IS_ONE,
    OF_THIS_USER,
    PLAIN_COLUMNS,
    ROLES_NOW,
    TENANT,
)
from central_server.users.tables import (
    USER_EMAILS,
    USER_EXTERNAL_IDS,
    USER_ROLES,
    USERS,
    DBLockedUser,
    DBPrivileges,
    DBSystemPermissions,
    DBUser,
    DBUserId,
    DBUserName,
)

_SCOPE = tenant_scope()
_NEW_ROLES = bindparam("roles", type_=ARRAY(Text))
_NEW_EXTERNAL_IDS = bindparam("external_ids", type_=JSONB)
_GIVEN_COLUMNS = ("email", "email_verified", "display_name", "locale", "time_zone", "tags", "attributes")
_CREATED = (
    insert(USERS)
    .from_select(
        ["tenant_id", "id", *_GIVEN_COLUMNS],
        select(_SCOPE.c.tenant, ID, *(bindparam(name, type_=USERS.c[name].type) for name in _GIVEN_COLUMNS)),
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
_PAIRS = func.jsonb_each_text(_NEW_EXTERNAL_IDS).table_valued("source", "name", name="pairs").render_derived()
_NAMED = (
    insert(USER_EXTERNAL_IDS)
    .from_select(
        ["tenant_id", "user_id", "source", "external_id"],
        select(_CREATED.c.tenant_id, _CREATED.c.id, _PAIRS.c.source, _PAIRS.c.name).select_from(
            _CREATED.join(_PAIRS, true())
        ),
    )
    .cte("named")
)
INSERT_USER = Query[DBUser](
    select(
        *(_CREATED.c[column.name] for column in PLAIN_COLUMNS),
        _NEW_ROLES.label("roles"),
        _NEW_EXTERNAL_IDS.label("external_ids"),
    ).add_cte(_ADDRESSED, _GRANTED, _NAMED, outbox_insert_from(_CREATED, _CREATED.c.tenant_id))
)
"""Makes the user with all that is theirs, and the event, in one round trip, which is a transaction of its own."""

GET_USER = Query[DBUser](select(*COLUMNS).where(IS_ONE))
LIST_NAMES = Query[DBUserName](
    select(USERS.c.id, USERS.c.display_name).where(
        USERS.c.tenant_id == TENANT, USERS.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
    )
)
_LOCK = select(*COLUMNS, USERS.c.system_permissions).where(IS_ONE)
LOCK_USER = Query[DBLockedUser](_LOCK.with_for_update(key_share=True, of=USERS))
LOCK_USER_TO_DELETE = Query[DBLockedUser](_LOCK.with_for_update(of=USERS))
HOLD_ACTIVE_USER = Query[DBUser](
    select(*COLUMNS).where(IS_ONE, USERS.c.state == "active").with_for_update(key_share=True, of=USERS)
)
"""The lock that the change which follows needs: two sign-ins that shared a weaker one would wait for each other."""
GET_USER_BY_EMAIL = Query[DBUser](
    select(*COLUMNS)
    .join(
        USER_EMAILS,
        and_(USER_EMAILS.c.tenant_id == USERS.c.tenant_id, USER_EMAILS.c.user_id == USERS.c.id),
    )
    .where(
        USERS.c.tenant_id == TENANT,
        USER_EMAILS.c.tenant_id == TENANT,
        USER_EMAILS.c.email_key == func.lower(bindparam("email", type_=Text)),
        USER_EMAILS.c.verified | (USER_EMAILS.c.email == USERS.c.email),
    )
)
"""Whose address it is: the primary one, or another that was proven. An unproven claim finds nobody."""

GET_USER_BY_EXTERNAL_ID = Query[DBUser](
    select(*COLUMNS)
    .join(
        USER_EXTERNAL_IDS,
        and_(USER_EXTERNAL_IDS.c.tenant_id == USERS.c.tenant_id, USER_EXTERNAL_IDS.c.user_id == USERS.c.id),
    )
    .where(
        USERS.c.tenant_id == TENANT,
        USER_EXTERNAL_IDS.c.tenant_id == TENANT,
        USER_EXTERNAL_IDS.c.source == bindparam("source", type_=Text),
        USER_EXTERNAL_IDS.c.external_id == bindparam("external_id", type_=Text),
    )
)
GET_MANY_USERS = Query[DBUser](
    select(*COLUMNS).where(USERS.c.tenant_id == TENANT, USERS.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
)

LOCK_OWNERS = Query[None](
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("owners_key", type_=Text), 0)).label("locked"))
)
"""Lets one at a time decide whether an owner of a tenant may go.

It is taken after the lock of the user in question. Locks of the owners' rows would go round in a ring: a request with
an `Idempotency-Key` holds its own user's row already, by a foreign key, and so keeps it from being deleted.
"""
LIST_ACTIVE_OWNERS = Query[DBUserId](
    select(USERS.c.id)
    .join(USER_ROLES, OF_THIS_USER)
    .where(
        USERS.c.tenant_id == TENANT,
        USER_ROLES.c.tenant_id == TENANT,
        USER_ROLES.c.role == "owner",
        USER_ROLES.c.expires_at.is_(None),
        USERS.c.state == "active",
    )
)
"""Those who own the tenant without an end. Under READ COMMITTED, this sees what whoever had `LOCK_OWNERS` before has
committed."""

UPDATE_USER = Query[DBUser](
    update(USERS)
    .where(IS_CHANGED_ONE)
    .values(
        {
            name: bindparam(f"new_{name}", type_=USERS.c[name].type)
            for name in ("display_name", "locale", "time_zone", "tags", "attributes")
        }
        | {"version": USERS.c.version + 1, "updated_at": func.now()}
    )
    .returning(*COLUMNS)
)
DISABLE_USER = Query[DBUser](
    update(USERS)
    .where(IS_CHANGED_ONE, USERS.c.state == "active")
    .values(state="disabled", disabled_at=func.now(), version=USERS.c.version + 1, updated_at=func.now())
    .returning(*COLUMNS)
)
ENABLE_USER = Query[DBUser](
    update(USERS)
    .where(IS_CHANGED_ONE, USERS.c.state == "disabled")
    .values(state="active", disabled_at=null(), version=USERS.c.version + 1, updated_at=func.now())
    .returning(*COLUMNS)
)
NOTE_CHANGE = Query[DBUser](
    update(USERS).where(IS_CHANGED_ONE).values(version=USERS.c.version + 1, updated_at=func.now()).returning(*COLUMNS)
)
"""Counts a version for a change of what belongs to a user and stands elsewhere."""

DELETE_USER = Query[None](delete_from(USERS).where(IS_ONE))
NOTE_SIGN_IN = Query[DBPrivileges](
    update(USERS)
    .where(IS_CHANGED_ONE)
    .values(last_sign_in_at=func.now())
    .returning(ROLES_NOW, USERS.c.system_permissions)
)
GET_SYSTEM_PERMISSIONS = Query[DBSystemPermissions](select(USERS.c.system_permissions).where(IS_ONE))
HAS_OPERATORS = Query[bool](
    select(
        exists()
        .where(USERS.c.tenant_id == TENANT, func.cardinality(USERS.c.system_permissions) > 0)
        .label("has_operators")
    )
)
SET_SYSTEM_PERMISSIONS = Query[DBUserId](
    update(USERS)
    .where(IS_CHANGED_ONE)
    .values(system_permissions=bindparam("new_permissions", type_=ARRAY(Text)))
    .returning(USERS.c.id)
)
