from sqlalchemy import Integer, Uuid, and_, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from central.kernel.ids import TenantId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters
from central_server.tenant_archives.tables import TENANT_IMPORT_CLAIMS, DBTenantImportClaim

_ROW = TENANT_IMPORT_CLAIMS.c
_UNTIL = {"leased_until": func.now() + seconds(bindparam("lease_seconds", type_=Integer))}
_NEW = insert(TENANT_IMPORT_CLAIMS).values(parameters("tenant_id", "job_id", "holder") | _UNTIL)
_IS_HELD = and_(
    _ROW.tenant_id == bindparam("of_tenant", type_=RichIdColumn(TenantId)),
    _ROW.holder == bindparam("by_holder", type_=Uuid),
)

TAKE_CLAIM = Query[DBTenantImportClaim](
    _NEW.on_conflict_do_update(
        index_elements=[_ROW.tenant_id],
        set_={name: _NEW.excluded[name] for name in ("job_id", "holder", "leased_until")},
        where=_ROW.leased_until < func.now(),
    ).returning(*_ROW)
)
"""Nothing comes back while somebody else holds it."""

GET_CLAIM = Query[DBTenantImportClaim](
    select(*_ROW).where(_ROW.tenant_id == bindparam("tenant_id", type_=RichIdColumn(TenantId)))
)
RENEW_CLAIM = Query[DBTenantImportClaim](update(TENANT_IMPORT_CLAIMS).where(_IS_HELD).values(_UNTIL).returning(*_ROW))
DROP_CLAIM = Query[DBTenantImportClaim](delete(TENANT_IMPORT_CLAIMS).where(_IS_HELD).returning(*_ROW))
LIST_ABANDONED = Query[DBTenantImportClaim](
    select(*_ROW)
    .where(_ROW.leased_until < func.now() - seconds(bindparam("kept_seconds", type_=Integer)))
    .order_by(_ROW.leased_until)
    .limit(bindparam("count", type_=Integer))
)
