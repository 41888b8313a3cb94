"""Which users: one statement for each combination of conditions, compiled once."""

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Text,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import AuthConnectorId, UserId
from central.users.models import UserSort
from central_server.infra.db import Query, RichIdColumn
from central_server.users.queries.columns import COLUMNS, HELD_NOW, IDENTITIES, LASTING_ROLES, TENANT
from central_server.users.tables import USER_EMAILS, USER_EXTERNAL_IDS, USER_ROLES, USERS, DBExportedUser, DBUser

_time = DateTime(timezone=True)
_NEVER = literal_column("to_timestamp((0)::double precision)", _time)
"""When those signed in who never did: before all others."""


class UserFilterShape(NamedTuple):
    """Which conditions there are."""

    by_email: bool = False
    by_external: bool = False
    by_tag: bool = False
    attributes: int = 0
    by_connector: bool = False
    by_state: bool = False
    by_role: bool = False
    after: bool = False
    before: bool = False
    by_text: bool = False


def _belongs(part: Any) -> ColumnElement[bool]:
    """Say that a row of another table is of this tenant and this user."""
    return and_(part.c.tenant_id == TENANT, part.c.user_id == USERS.c.id)


def _attribute(number: int) -> ColumnElement[bool]:
    """Say that an attribute is a text, or what that text is in JSON."""
    as_text, as_json = (bindparam(f"attribute_{number}_{kind}", type_=JSONB) for kind in ("text", "json"))
    return USERS.c.attributes.contains(as_text) | USERS.c.attributes.contains(as_json)


def _conditions(shape: UserFilterShape) -> list[ColumnElement[bool]]:
    sign_in = func.coalesce(USERS.c.last_sign_in_at, _NEVER)
    pattern = bindparam("pattern", type_=Text)
    possible: list[tuple[bool, ColumnElement[bool]]] = [
        (
            shape.by_email,
            exists().where(
                _belongs(USER_EMAILS), USER_EMAILS.c.email_key == func.lower(bindparam("email", type_=Text))
            ),
        ),
        (
            shape.by_external,
            exists().where(
                _belongs(USER_EXTERNAL_IDS),
                USER_EXTERNAL_IDS.c.source == bindparam("source", type_=Text),
                USER_EXTERNAL_IDS.c.external_id == bindparam("external_id", type_=Text),
            ),
        ),
        (shape.by_tag, USERS.c.tags.contains(bindparam("tags", type_=JSONB))),
        (
            shape.by_connector,
            exists().where(
                _belongs(IDENTITIES),
                IDENTITIES.c.connector_id == bindparam("connector", type_=RichIdColumn(AuthConnectorId)),
            ),
        ),
        (shape.by_state, USERS.c.state == bindparam("state", type_=Text)),
        (
            shape.by_role,
            exists().where(_belongs(USER_ROLES), USER_ROLES.c.role == bindparam("role", type_=Text), HELD_NOW),
        ),
        (shape.after, sign_in >= bindparam("signed_in_after", type_=_time)),
        (shape.before, sign_in < bindparam("signed_in_before", type_=_time)),
        (shape.by_text, USERS.c.display_name.ilike(pattern) | USERS.c.email.ilike(pattern)),
    ]
    chosen = [condition for is_asked, condition in possible if is_asked]
    return [USERS.c.tenant_id == TENANT, *chosen, *(_attribute(number) for number in range(shape.attributes))]


def _sort_key(name: str) -> ColumnElement[Any]:
    match name:
        case "email":
            return USERS.c.email_key
        case "last_sign_in_at":
            return func.coalesce(USERS.c.last_sign_in_at, _NEVER)
        case _:
            return USERS.c[name]


@cache
def list_users(shape: UserFilterShape, sort: UserSort, *, goes_on: bool) -> Query[DBUser]:
    """Give the statement of a list: keyset on the sort key and the id."""
    key = _sort_key(sort.removeprefix("-"))
    conditions = _conditions(shape)
    descending = sort.startswith("-")
    if goes_on:
        here = tuple_(key, USERS.c.id)
        key_type = _time if sort.endswith("_at") else Text()
        there = tuple_(bindparam("after_key", type_=key_type), bindparam("after_id", type_=RichIdColumn(UserId)))
        conditions.append(here < there if descending else here > there)
    order = (key.desc(), USERS.c.id.desc()) if descending else (key, USERS.c.id)
    limit = bindparam("count", type_=Integer)
    return Query(select(*COLUMNS).where(and_(true(), *conditions)).order_by(*order).limit(limit))


@cache
def export_users(shape: UserFilterShape, *, goes_on: bool) -> Query[DBExportedUser]:
    """Give the statement of a page of an export, by the ids, which never change."""
    conditions = _conditions(shape)
    if goes_on:
        conditions.append(USERS.c.id > bindparam("after_id", type_=RichIdColumn(UserId)))
    exported = select(*COLUMNS, LASTING_ROLES).where(and_(true(), *conditions)).order_by(USERS.c.id)
    return Query(exported.limit(bindparam("count", type_=Integer)))


@cache
def count_users(shape: UserFilterShape) -> Query[int]:
    """Give the statement that counts."""
    return Query(select(func.count().label("users")).select_from(USERS).where(and_(true(), *_conditions(shape))))
