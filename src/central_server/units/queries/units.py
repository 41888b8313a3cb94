"""Single units: found, locked, inserted, changed."""

from sqlalchemy import Integer, Text, any_, bindparam, func, insert, select, update

from central.kernel.ids import UnitId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.parameters import parameters
from central_server.units.queries.columns import COLUMNS, IS_CHANGED_ONE, IS_ONE, SOME_UNITS, TENANT, UNIT
from central_server.units.tables import UNIT_PATHS, UNITS, DBUnit

GET_UNIT = Query[DBUnit](select(*COLUMNS).where(IS_ONE))
LOCK_UNIT = Query[DBUnit](select(*COLUMNS).where(IS_ONE).with_for_update())
GET_UNIT_BY_CODE = Query[DBUnit](
    select(*COLUMNS).where(UNITS.c.tenant_id == TENANT, UNITS.c.code_key == func.lower(bindparam("code", type_=Text)))
)
GET_UNITS = Query[DBUnit](select(*COLUMNS).where(UNITS.c.tenant_id == TENANT, UNITS.c.id == any_(SOME_UNITS)))
LIST_ANCESTORS = Query[DBUnit](
    select(*COLUMNS)
    .join(UNIT_PATHS, UNIT_PATHS.c.ancestor_id == UNITS.c.id)
    .where(
        UNITS.c.tenant_id == TENANT,
        UNIT_PATHS.c.tenant_id == TENANT,
        UNIT_PATHS.c.unit_id == UNIT,
    )
    .order_by(UNIT_PATHS.c.distance.desc())
)
"""The topmost first, and the unit itself last."""

LIST_ALL = Query[DBUnit](
    select(*COLUMNS)
    .where(UNITS.c.tenant_id == TENANT, UNITS.c.id > bindparam("after_id", type_=RichIdColumn(UnitId)))
    .order_by(UNITS.c.id)
    .limit(bindparam("count", type_=Integer))
)
"""All units of a tenant, by the ids, which never change."""

_CHANGEABLE = ("name", "kind", "description", "code", "single_holder", "attributes", "tags")
INSERT_UNIT = Query[DBUnit](
    insert(UNITS).values(parameters("tenant_id", "id", "parent_id", "position", *_CHANGEABLE)).returning(*COLUMNS)
)
UPDATE_UNIT = Query[DBUnit](
    update(UNITS)
    .where(IS_CHANGED_ONE)
    .values(
        {name: bindparam(f"new_{name}", type_=UNITS.c[name].type) for name in _CHANGEABLE}
        | {"version": UNITS.c.version + 1, "updated_at": func.now()}
    )
    .returning(*COLUMNS)
)
