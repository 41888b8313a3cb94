"""By which assignment somebody may do something in a unit, as of now."""

from sqlalchemy import ARRAY, Boolean, Integer, Text, and_, any_, bindparam, column, func, literal, or_, select, table

from central.kernel.ids import TenantId, UnitAssignmentId, UserId
from central_server.infra.db import Query, RichIdColumn
from central_server.units.queries.assignments import held_at
from central_server.units.queries.columns import TENANT, UNIT
from central_server.units.tables import UNIT_ASSIGNMENTS, UNIT_PATHS, UNITS, DBWay

_ROLES = table(
    "roles",
    column("tenant_id", RichIdColumn(TenantId)),
    column("slug", Text),
    column("permissions", ARRAY(Text)),
    column("reach", Text),
)
"""What the roles of tenants allow; their domain, below this one, owns the table."""

_a, _p, _r = UNIT_ASSIGNMENTS.c, UNIT_PATHS.c, _ROLES.c
_asked = UNIT_ASSIGNMENTS.alias("asked").c
_allows = or_(
    bindparam("permission", type_=Text) == any_(_r.permissions),
    _r.slug == any_(bindparam("built_in", type_=ARRAY(Text))),
)
_reaches = or_(_r.reach == "subtree", and_(bindparam("direct", type_=Boolean), _p.distance == literal(0)))
_WAY = (
    select(_a.id, _a.unit_id, _a.role, _a.ends_at)
    .where(
        _p.tenant_id == TENANT,
        _p.distance >= bindparam("least", type_=Integer),
        _a.tenant_id == TENANT,
        _a.unit_id == _p.ancestor_id,
        _a.user_id == bindparam("user", type_=RichIdColumn(UserId)),
        held_at(func.now()),
        UNITS.c.tenant_id == TENANT,
        UNITS.c.id == _a.unit_id,
        UNITS.c.archived_at.is_(None),
        _r.tenant_id == TENANT,
        _r.slug == _a.role,
        _allows,
        _reaches,
    )
    .order_by(_a.ends_at.desc().nulls_first(), _p.distance)
    .limit(1)
)
FIND_WAY = Query[DBWay](_WAY.where(_p.unit_id == UNIT))
FIND_WAY_OF_ASSIGNMENT = Query[DBWay](
    _WAY.where(
        _asked.tenant_id == TENANT,
        _asked.id == bindparam("assignment", type_=RichIdColumn(UnitAssignmentId)),
        _p.unit_id == _asked.unit_id,
    )
)
"""The one that lasts longest. `direct` lets a role count in its own unit that does not reach below; `least` is how far
above at least."""
