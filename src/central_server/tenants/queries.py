from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Text,
    and_,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import TenantId
from central.tenants.models import TenantSort
from central_server.infra.db import Query, RichIdColumn
from central_server.tenants.tables import TENANT_SLUGS, TENANTS, DBSessionPolicy, DBTenant

_POLICY = ("member_idle_seconds", "member_lifetime_seconds", "admin_idle_seconds", "admin_lifetime_seconds")
_COLUMNS = tuple(column for column in TENANTS.c if column.name not in _POLICY)

_RESOLVED = func.central.resolve_tenant(
    bindparam("id", type_=TENANTS.c.id.type), bindparam("slug", type_=Text)
).table_valued(*(column(c.name, c.type) for c in TENANTS.c), name="resolved")
RESOLVE_TENANT = Query[DBTenant](select(*(_RESOLVED.c[shown.name] for shown in _COLUMNS)))
"""Finds a tenant by id, slug or former slug, before any tenant is known."""

INSERT_TENANT = Query[DBTenant](
    insert(TENANTS).values(id=bindparam("id"), slug=bindparam("slug"), name=bindparam("name")).returning(*_COLUMNS)
)
INSERT_SLUG = Query[None](
    insert(TENANT_SLUGS).from_select(
        ["slug", "tenant_id", "skeleton", "claims_skeleton"],
        select(
            bindparam("slug", type_=Text),
            bindparam("tenant_id", type_=RichIdColumn(TenantId)),
            bindparam("skeleton", type_=Text),
            ~exists().where(
                TENANT_SLUGS.c.tenant_id == bindparam("tenant_id", type_=RichIdColumn(TenantId)),
                TENANT_SLUGS.c.skeleton == bindparam("skeleton", type_=Text),
            ),
        ),
    )
)
"""Takes a slug for the tenant; the first of its own that look alike claims the look, which no other tenant may have."""

FIND_SLUG = Query[str](
    select(TENANT_SLUGS.c.slug).where(
        TENANT_SLUGS.c.tenant_id == bindparam("tenant_id", type_=RichIdColumn(TenantId)),
        TENANT_SLUGS.c.slug == bindparam("slug"),
    )
)
GET_TENANT = Query[DBTenant](select(*_COLUMNS).where(TENANTS.c.id == bindparam("id")))
LOCK_TENANT = Query[DBTenant](select(*_COLUMNS).where(TENANTS.c.id == bindparam("id")).with_for_update())
HOLD_TENANT = Query[DBTenant](select(*_COLUMNS).where(TENANTS.c.id == bindparam("id")).with_for_update(read=True))
RENAME_TENANT = Query[DBTenant](
    update(TENANTS)
    .where(TENANTS.c.id == bindparam("of_id"))
    .values(
        name=func.coalesce(bindparam("new_name", type_=Text), TENANTS.c.name),
        slug=func.coalesce(bindparam("new_slug", type_=Text), TENANTS.c.slug),
        version=TENANTS.c.version + 1,
        updated_at=func.now(),
    )
    .returning(*_COLUMNS)
)
SET_TENANT_BRANDING = Query[DBTenant](
    update(TENANTS)
    .where(TENANTS.c.id == bindparam("of_id"))
    .values(
        accent_color=bindparam("new_accent", type_=Text),
        background_color=bindparam("new_background", type_=Text),
        version=TENANTS.c.version + 1,
        updated_at=func.now(),
    )
    .returning(*_COLUMNS)
)
_CHANGED = {"version": TENANTS.c.version + 1, "updated_at": func.now()}
SET_LOGO = Query[DBTenant](
    update(TENANTS)
    .where(TENANTS.c.id == bindparam("of_id"))
    .values({"logo": bindparam("new_logo", type_=JSONB(none_as_null=True)), **_CHANGED})
    .returning(*_COLUMNS)
)
FORGET_LOGO = Query[DBTenant](
    update(TENANTS)
    .where(TENANTS.c.id == bindparam("of_id"), TENANTS.c.logo["image_id"].astext == bindparam("image", type_=Text))
    .values({"logo": None, **_CHANGED})
    .returning(*_COLUMNS)
)
SET_TENANT_STATE = Query[DBTenant](
    update(TENANTS)
    .where(TENANTS.c.id == bindparam("of_id"))
    .values(
        state=bindparam("new_state", type_=Text),
        delete_after=bindparam("new_delete_after", type_=TENANTS.c.delete_after.type),
        version=TENANTS.c.version + 1,
        updated_at=func.now(),
    )
    .returning(*_COLUMNS)
)
DELETE_TENANT = Query[None](delete(TENANTS).where(TENANTS.c.id == bindparam("id"), TENANTS.c.state == "deleting"))
"""Takes with it what came since its tables were emptied; its slugs stay."""

_POLICY_COLUMNS = (*(TENANTS.c[name] for name in _POLICY), TENANTS.c.version)
_OWN_POLICY = select(*_POLICY_COLUMNS).where(TENANTS.c.id == bindparam("id"))
GET_SESSION_POLICY = Query[DBSessionPolicy](_OWN_POLICY)
LOCK_SESSION_POLICY = Query[DBSessionPolicy](_OWN_POLICY.with_for_update())
SET_SESSION_POLICY = Query[DBSessionPolicy](
    update(TENANTS)
    .where(TENANTS.c.id == bindparam("of_id"))
    .values(
        {name: bindparam(f"new_{name}", type_=Integer) for name in _POLICY}
        | {"version": TENANTS.c.version + 1, "updated_at": func.now()}
    )
    .returning(*_POLICY_COLUMNS)
)


class TenantListShape(NamedTuple):
    """Which conditions a list has; each shape is one statement, compiled once."""

    by_state: bool
    by_text: bool
    sort: TenantSort
    goes_on: bool


@cache
def list_tenants(shape: TenantListShape) -> Query[DBTenant]:
    """Give the statement of a list: keyset on the sort key and the id."""
    key = TENANTS.c[shape.sort.removeprefix("-")]
    conditions: list[ColumnElement[bool]] = []
    if shape.by_state:
        conditions.append(TENANTS.c.state == bindparam("state"))
    if shape.by_text:
        pattern = bindparam("pattern", type_=Text)
        conditions.append(TENANTS.c.name.ilike(pattern) | TENANTS.c.slug.ilike(pattern))
    descending = shape.sort.startswith("-")
    if shape.goes_on:
        here = tuple_(key, TENANTS.c.id)
        there = tuple_(bindparam("after_key", type_=key.type), bindparam("after_id", type_=TENANTS.c.id.type))
        conditions.append(here < there if descending else here > there)
    order = (key.desc(), TENANTS.c.id.desc()) if descending else (key, TENANTS.c.id)
    return Query(select(*_COLUMNS).where(and_(true(), *conditions)).order_by(*order).limit(bindparam("count")))
