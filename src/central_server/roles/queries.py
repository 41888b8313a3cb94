from sqlalchemy import ARRAY, Integer, Text, Uuid, and_, any_, bindparam, func, insert, literal, select, true, update
from sqlalchemy import delete as delete_from

from central.kernel.ids import TenantId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.parameters import parameters
from central_server.roles.tables import ROLES, DBRole

_COLUMNS = tuple(ROLES.c)
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_OF_TENANT = bindparam("of_tenant", type_=RichIdColumn(TenantId))
_IS_ONE = and_(ROLES.c.tenant_id == _TENANT, ROLES.c.slug == bindparam("slug"))
_IS_CHANGED_ONE = and_(ROLES.c.tenant_id == _OF_TENANT, ROLES.c.slug == bindparam("of_slug"))

_built_in = (
    func.unnest(
        bindparam("ids", type_=ARRAY(Uuid)),
        bindparam("slugs", type_=ARRAY(Text)),
        bindparam("names", type_=ARRAY(Text)),
    )
    .table_valued("id", "slug", "name", name="built_in")
    .render_derived()
)
INSERT_BUILT_IN_ROLES = Query[None](
    insert(ROLES).from_select(
        ["tenant_id", "id", "slug", "name", "permissions", "built_in"],
        select(
            _TENANT,
            _built_in.c.id,
            _built_in.c.slug,
            _built_in.c.name,
            literal([], ARRAY(Text)),
            true(),
        ),
    )
)
INSERT_ROLE = Query[DBRole](
    insert(ROLES)
    .values(parameters("tenant_id", "id", "slug", "name", "description", "permissions", "reach"))
    .returning(*_COLUMNS)
)
GET_ROLE = Query[DBRole](select(*_COLUMNS).where(_IS_ONE))
LOCK_ROLE = Query[DBRole](select(*_COLUMNS).where(_IS_ONE).with_for_update())
_NAMED = (
    select(*_COLUMNS)
    .where(ROLES.c.tenant_id == _TENANT, ROLES.c.slug == any_(bindparam("slugs", type_=ARRAY(Text))))
    .order_by(ROLES.c.slug)
)
LIST_ROLES_NAMED = Query[DBRole](_NAMED)
HOLD_ROLES_NAMED = Query[DBRole](_NAMED.with_for_update(read=True))
"""Keeps what the roles allow as it is until whoever grants them has committed."""

_LIST = select(*_COLUMNS).where(ROLES.c.tenant_id == _TENANT).order_by(ROLES.c.slug)
LIST_ROLES = Query[DBRole](_LIST.limit(bindparam("count", type_=Integer)))
LIST_ROLES_AFTER = Query[DBRole](
    _LIST.where(ROLES.c.slug > bindparam("after_key", type_=Text)).limit(bindparam("count", type_=Integer))
)
_CHANGEABLE = ("name", "description", "permissions", "reach")
UPDATE_ROLE = Query[DBRole](
    update(ROLES)
    .where(_IS_CHANGED_ONE)
    .values(
        {
            name: bindparam(f"new_{name}", type_=ROLES.c[name].type)
            for name in ("name", "description", "permissions", "reach")
        }
        | {"version": ROLES.c.version + 1, "updated_at": func.now()}
    )
    .returning(*_COLUMNS)
)
DELETE_ROLE = Query[None](delete_from(ROLES).where(_IS_ONE))
