"""How the units of a deleted tenant go: from the bottom of the tree up, each with its paths."""

from collections.abc import Mapping

from sqlalchemy import Integer, bindparam, delete, func, select

from central_server.infra.db import Query
from central_server.units.queries.columns import TENANT
from central_server.units.tables import UNIT_PATHS, UNITS

_path = UNIT_PATHS.alias("path")
_chosen = (
    select(_path.c.unit_id)
    .where(_path.c.tenant_id == TENANT)
    .group_by(_path.c.unit_id)
    .order_by(func.max(_path.c.distance).desc())
    .limit(bindparam("count", type_=Integer))
    .cte("chosen")
)
_paths = (
    delete(UNIT_PATHS)
    .where(UNIT_PATHS.c.tenant_id == TENANT, UNIT_PATHS.c.unit_id == _chosen.c.unit_id)
    .returning(UNIT_PATHS.c.tenant_id)
    .cte("paths_gone")
)
_gone = (
    delete(UNITS)
    .where(UNITS.c.tenant_id == TENANT, UNITS.c.id == _chosen.c.unit_id)
    .returning(UNITS.c.tenant_id)
    .cte("gone")
)
ERASE_UNITS = Query[Mapping[str, int]](
    select(
        select(func.count()).select_from(_gone).scalar_subquery().label(UNITS.name),
        select(func.count()).select_from(_paths).scalar_subquery().label(UNIT_PATHS.name),
    )
)
