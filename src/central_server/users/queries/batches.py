"""Statements on many people at once, for what comes in batches."""

from functools import cache
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    TableValuedAlias,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    column,
    exists,
    func,
    insert,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from central.kernel.ids import UserId
from central_server.infra.db import Query, RichIdColumn
from central_server.users.queries.columns import COLUMNS, LASTING_ROLES, OF_TENANT, OF_THIS_USER, ROLES_NOW, TENANT
from central_server.users.tables import (
    USER_EMAILS,
    USER_EXTERNAL_IDS,
    USER_ROLES,
    USERS,
    DBAddressOfUser,
    DBConsidered,
    DBKnownUser,
    DBNameOfUser,
    DBUserId,
)

MatchedBy: TypeAlias = Literal["email", "external_id"]
_IDS = bindparam("ids", type_=ARRAY(Uuid))
_BY = bindparam("granted_by", type_=RichIdColumn(UserId))


def _recordset(name: str, *columns: ColumnElement[Any]) -> TableValuedAlias:
    """Read a parameter, a list of objects, as a table."""
    rows = func.jsonb_to_recordset(bindparam(name, type_=JSONB)).table_valued(*columns)
    return rows.render_derived(name=f"given_{name}", with_types=True)


def _texts(*names: str) -> list[ColumnElement[Any]]:
    return [column(name, Text) for name in names]


_DETAILS = ("display_name", "locale", "time_zone", "tags", "attributes")
_DETAIL_COLUMNS = (*_texts("display_name", "locale", "time_zone"), column("tags", JSONB), column("attributes", JSONB))

# Finding

_ASKED_FOR = (
    func.unnest(bindparam("addresses", type_=ARRAY(Text))).table_valued("address", name="asked").render_derived()
)
FIND_ADDRESSES = Query[DBAddressOfUser](
    select(
        _ASKED_FOR.c.address,
        USER_EMAILS.c.user_id,
        (USER_EMAILS.c.verified | (USER_EMAILS.c.email == USERS.c.email)).label("counts"),
    )
    .select_from(_ASKED_FOR)
    .join(USER_EMAILS, USER_EMAILS.c.email_key == _ASKED_FOR.c.address)
    .join(USERS, and_(USERS.c.tenant_id == USER_EMAILS.c.tenant_id, USERS.c.id == USER_EMAILS.c.user_id))
    .where(USER_EMAILS.c.tenant_id == TENANT, USERS.c.tenant_id == TENANT)
)
"""Joined and not compared with `= ANY`, which PostgreSQL would try on each address of the tenant."""

_ASKED = (
    func.unnest(bindparam("sources", type_=ARRAY(Text)), bindparam("names", type_=ARRAY(Text)))
    .table_valued("source", "external_id", name="asked")
    .render_derived()
)
_OF_ASKED = (
    select(USER_EXTERNAL_IDS.c.source, USER_EXTERNAL_IDS.c.external_id, USER_EXTERNAL_IDS.c.user_id)
    .where(
        USER_EXTERNAL_IDS.c.tenant_id == TENANT,
        USER_EXTERNAL_IDS.c.source == _ASKED.c.source,
        USER_EXTERNAL_IDS.c.external_id == _ASKED.c.external_id,
    )
    .offset(literal_column("0"))
    .lateral("named")
)
FIND_NAMES = Query[DBNameOfUser](select(_OF_ASKED).select_from(_ASKED).join(_OF_ASKED, true()))
"""Looked up one by one (`OFFSET 0`): PostgreSQL takes a tenant that has grown since the last ANALYZE for a small one,
and would read all its names for each batch."""
LIST_KNOWN = Query[DBKnownUser](
    select(
        *COLUMNS,
        USERS.c.system_permissions,
        LASTING_ROLES,
    ).where(USERS.c.tenant_id == TENANT, USERS.c.id == any_(_IDS))
)
LOCK_MANY = Query[DBUserId](
    select(USERS.c.id)
    .where(USERS.c.tenant_id == TENANT, USERS.c.id == any_(_IDS))
    .order_by(USERS.c.id)
    .with_for_update(key_share=True)
)
"""What they are and hold is read by a statement after this one, which sees what others have committed until then."""

# Creating

_NEW = _recordset(
    "users",
    column("id", Uuid),
    column("email_id", Uuid),
    *_texts("email"),
    *_DETAIL_COLUMNS,
    column("external_ids", JSONB),
    column("roles", ARRAY(Text)),
)
_CREATED = (
    insert(USERS)
    .from_select(
        ["tenant_id", "id", "email", *_DETAILS],
        select(TENANT, _NEW.c.id, _NEW.c.email, *(_NEW.c[name] for name in _DETAILS)),
    )
    .returning(USERS.c.id)
    .cte("created")
)
_ADDRESSED = (
    insert(USER_EMAILS)
    .from_select(["tenant_id", "id", "user_id", "email"], select(TENANT, _NEW.c.email_id, _NEW.c.id, _NEW.c.email))
    .cte("addressed")
)
_GIVEN = func.unnest(_NEW.c.roles).table_valued("role", name="given_roles").render_derived()
_GRANTED = (
    insert(USER_ROLES)
    .from_select(
        ["tenant_id", "user_id", "role", "granted_by"],
        select(TENANT, _NEW.c.id, _GIVEN.c.role, _BY).select_from(_NEW.join(_GIVEN, true())),
    )
    .cte("granted")
)
_PAIRS = func.jsonb_each_text(_NEW.c.external_ids).table_valued("source", "name", name="pairs").render_derived()
_NAMED = (
    insert(USER_EXTERNAL_IDS)
    .from_select(
        ["tenant_id", "user_id", "source", "external_id"],
        select(TENANT, _NEW.c.id, _PAIRS.c.source, _PAIRS.c.name).select_from(_NEW.join(_PAIRS, true())),
    )
    .cte("named")
)
CREATE_MANY = Query[int](
    select(func.count().label("created")).select_from(_CREATED).add_cte(_ADDRESSED, _GRANTED, _NAMED)
)

# Changing

_CHANGED = _recordset("users", column("id", Uuid), *_DETAIL_COLUMNS)
UPDATE_MANY = Query[None](
    update(USERS)
    .where(USERS.c.tenant_id == OF_TENANT, USERS.c.id == _CHANGED.c.id)
    .values({name: _CHANGED.c[name] for name in _DETAILS} | {"version": USERS.c.version + 1, "updated_at": func.now()})
)
_OWN_NAMES = _recordset("names", column("user_id", Uuid), *_texts("source", "external_id"))
_set_names = upsert(USER_EXTERNAL_IDS).from_select(
    ["tenant_id", "user_id", "source", "external_id"], select(TENANT, *_OWN_NAMES.c)
)
SET_NAMES = Query[None](
    _set_names.on_conflict_do_update(
        index_elements=["tenant_id", "user_id", "source"], set_={"external_id": _set_names.excluded.external_id}
    )
)
_ROLES = _recordset("roles", column("user_id", Uuid), *_texts("role"))
REVOKE_MANY = Query[None](
    delete_from(USER_ROLES).where(
        USER_ROLES.c.tenant_id == OF_TENANT,
        USER_ROLES.c.user_id == _ROLES.c.user_id,
        USER_ROLES.c.role == _ROLES.c.role,
    )
)
_grants = upsert(USER_ROLES).from_select(
    ["tenant_id", "user_id", "role", "granted_by"], select(TENANT, _ROLES.c.user_id, _ROLES.c.role, _BY)
)
GRANT_MANY = Query[None](
    _grants.on_conflict_do_update(
        index_elements=["tenant_id", "user_id", "role"],
        set_={"expires_at": None, "connector_id": None, "granted_by": _grants.excluded.granted_by}
        | {"granted_at": func.now()},
    )
)
DISABLE_MANY = Query[DBUserId](
    update(USERS)
    .where(USERS.c.tenant_id == OF_TENANT, USERS.c.id == any_(_IDS), USERS.c.state == "active")
    .values(state="disabled", disabled_at=func.now(), version=USERS.c.version + 1, updated_at=func.now())
    .returning(USERS.c.id)
)

# Whom an import could be about

_IS_OWNER = exists().where(OF_THIS_USER, USER_ROLES.c.role == "owner").correlate(USERS)
_HAS_SOURCE = and_(
    USER_EXTERNAL_IDS.c.tenant_id == USERS.c.tenant_id,
    USER_EXTERNAL_IDS.c.user_id == USERS.c.id,
    USER_EXTERNAL_IDS.c.source == bindparam("source", type_=Text),
)
_IS_CONSIDERED = (
    USERS.c.tenant_id == TENANT,
    USERS.c.state == "active",
    USERS.c.created_at < bindparam("before", type_=USERS.c.created_at.type),
    USERS.c.id != bindparam("starter", type_=RichIdColumn(UserId)),
    ~_IS_OWNER,
)


@cache
def list_considered(match: MatchedBy) -> Query[DBConsidered]:
    """Give the statement of a page of those whom keys could name, by their ids; owners are not among them."""
    page = select(USERS.c.id, ROLES_NOW, USERS.c.system_permissions).where(*_IS_CONSIDERED)
    if match == "external_id":
        page = page.where(exists().where(_HAS_SOURCE).correlate(USERS))
    page = page.where(USERS.c.id > bindparam("after", type_=RichIdColumn(UserId)))
    return Query(page.order_by(USERS.c.id).limit(bindparam("count", type_=Integer)))
