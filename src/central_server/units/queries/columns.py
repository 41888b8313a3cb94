"""What the statements on units share."""

from sqlalchemy import ARRAY, Uuid, and_, bindparam

from central.kernel.ids import TenantId, UnitId
from central_server.infra.db import RichIdColumn
from central_server.units.tables import UNITS

TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
OF_TENANT = bindparam("of_tenant", type_=RichIdColumn(TenantId))
UNIT = bindparam("unit", type_=RichIdColumn(UnitId))
PARENT = bindparam("parent", type_=RichIdColumn(UnitId))
SOME_UNITS = bindparam("units", type_=ARRAY(Uuid))
IS_ONE = and_(UNITS.c.tenant_id == TENANT, UNITS.c.id == UNIT)
IS_CHANGED_ONE = and_(UNITS.c.tenant_id == OF_TENANT, UNITS.c.id == UNIT)
_HIDDEN = {"tenant_id", "name_key", "code_key"}
COLUMNS = tuple(column for column in UNITS.c if column.name not in _HIDDEN)
