from sqlalchemy import ARRAY, Integer, Uuid, and_, any_, bindparam, func, insert, or_, select, update
from sqlalchemy import delete as delete_from

from central.kernel.ids import AuthConnectorId, ClientSecretId, TenantId
from central_server.auth_connectors.tables import CLIENT_SECRETS, DBClientSecret, DBExpiringSecret
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.parameters import parameters

_S = CLIENT_SECRETS.c
_SHOWN = tuple(column for column in _S if column.name != "warned_days")
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_IS_CHANGED_ONE = and_(
    _S.tenant_id == bindparam("of_tenant", type_=RichIdColumn(TenantId)),
    _S.id == bindparam("of_id", type_=RichIdColumn(ClientSecretId)),
)
_CONNECTOR = bindparam("connector_id", type_=RichIdColumn(AuthConnectorId))

INSERT_SECRET = Query[DBClientSecret](
    insert(CLIENT_SECRETS)
    .values(parameters("tenant_id", "id", "connector_id", "secret", "created_by", "expires_at"))
    .returning(*_SHOWN)
)
LIST_SECRETS = Query[DBClientSecret](
    select(*_SHOWN)
    .where(_S.tenant_id == _TENANT, _S.connector_id == any_(bindparam("connectors", type_=ARRAY(Uuid))))
    .order_by(_S.created_at.desc(), _S.id.desc())
)
DELETE_SECRETS = Query[None](delete_from(CLIENT_SECRETS).where(_S.tenant_id == _TENANT, _S.connector_id == _CONNECTOR))
DELETE_SECRET = Query[None](
    delete_from(CLIENT_SECRETS).where(
        _S.tenant_id == _TENANT,
        _S.connector_id == _CONNECTOR,
        _S.id == bindparam("id", type_=RichIdColumn(ClientSecretId)),
    )
)

_LEFT = _S.expires_at - func.now()
_DAYS = bindparam("days", type_=Integer)
_IS_DUE = and_(
    _S.expires_at <= func.now() + func.make_interval(0, 0, 0, _DAYS),
    or_(_S.warned_days.is_(None), _S.warned_days > _DAYS),
)
LIST_EXPIRING = Query[DBExpiringSecret](
    select(_S.tenant_id, _S.id).where(_IS_DUE).order_by(_S.expires_at, _S.id).limit(bindparam("count"))
)
"""Finds, in all tenants, the secrets that end within so many days and of which that has not been told."""

NOTE_WARNED = Query[DBClientSecret](
    update(CLIENT_SECRETS).where(_IS_CHANGED_ONE, _IS_DUE).values(warned_days=_DAYS).returning(*_SHOWN)
)
"""Whoever comes second gets nothing, and tells nothing."""

_PREFIX = bindparam("prefix", type_=_S.secret.type)
LIST_SEALED_SECRETS = Query[DBClientSecret](
    select(*_SHOWN)
    .where(func.substring(_S.secret, 1, func.length(_PREFIX)) != _PREFIX)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
SAMPLE_SEALED_SECRETS = Query[DBClientSecret](select(*_SHOWN).limit(bindparam("count")))
REPLACE_SEALED_SECRET = Query[None](
    update(CLIENT_SECRETS).where(_IS_CHANGED_ONE).values(secret=bindparam("new_secret", type_=_S.secret.type))
)
