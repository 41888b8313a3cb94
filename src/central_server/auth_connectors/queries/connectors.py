from sqlalchemy import Boolean, Integer, and_, bindparam, func, insert, select, text, tuple_, update
from sqlalchemy import delete as delete_from

from central.kernel.ids import AuthConnectorId, TenantId
from central_server.auth_connectors.tables import AUTH_CONNECTORS, DBAuthConnector, DBAuthConnectorId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.parameters import parameters

_COLUMNS = tuple(AUTH_CONNECTORS.c)
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_IS_ONE = and_(AUTH_CONNECTORS.c.tenant_id == _TENANT, AUTH_CONNECTORS.c.id == bindparam("id"))
_IS_CHANGED_ONE = and_(
    AUTH_CONNECTORS.c.tenant_id == bindparam("of_tenant", type_=RichIdColumn(TenantId)),
    AUTH_CONNECTORS.c.id == bindparam("of_id", type_=RichIdColumn(AuthConnectorId)),
)
PROVISIONING = (
    "just_in_time",
    "allowed_domains",
    "default_roles",
    "attribute_claims",
    "group_claim",
    "group_roles",
)
_CHANGEABLE = ("name", "settings", *PROVISIONING)
_CHANGED = {"version": AUTH_CONNECTORS.c.version + 1, "updated_at": func.now()}

INSERT_AUTH_CONNECTOR = Query[DBAuthConnector](
    insert(AUTH_CONNECTORS).values(parameters("tenant_id", "id", "kind", "enabled", *_CHANGEABLE)).returning(*_COLUMNS)
)
GET_AUTH_CONNECTOR = Query[DBAuthConnector](select(*_COLUMNS).where(_IS_ONE))
LOCK_AUTH_CONNECTOR = Query[DBAuthConnector](select(*_COLUMNS).where(_IS_ONE).with_for_update())
HOLD_ENABLED_AUTH_CONNECTOR = Query[DBAuthConnector](
    select(*_COLUMNS).where(_IS_ONE, AUTH_CONNECTORS.c.enabled).with_for_update(read=True)
)
HOLD_AUTH_CONNECTOR = Query[DBAuthConnectorId](
    select(AUTH_CONNECTORS.c.id).where(_IS_ONE).with_for_update(read=True, key_share=True)
)
GET_EMAIL_CODE_CONNECTOR = Query[DBAuthConnector](
    select(*_COLUMNS).where(
        AUTH_CONNECTORS.c.tenant_id == _TENANT, text("kind = 'email_code'"), AUTH_CONNECTORS.c.enabled
    )
)
LOCK_ENABLED_AUTH_CONNECTORS = Query[DBAuthConnectorId](
    select(AUTH_CONNECTORS.c.id)
    .where(AUTH_CONNECTORS.c.tenant_id == _TENANT, AUTH_CONNECTORS.c.enabled)
    .order_by(AUTH_CONNECTORS.c.id)
    .with_for_update()
)
_LIST = (
    select(*_COLUMNS)
    .where(
        AUTH_CONNECTORS.c.tenant_id == _TENANT,
        AUTH_CONNECTORS.c.enabled | bindparam("also_disabled", type_=Boolean),
    )
    .order_by(AUTH_CONNECTORS.c.created_at, AUTH_CONNECTORS.c.id)
)
LIST_AUTH_CONNECTORS = Query[DBAuthConnector](_LIST.limit(bindparam("count")))
LIST_AUTH_CONNECTORS_AFTER = Query[DBAuthConnector](
    _LIST.where(
        tuple_(AUTH_CONNECTORS.c.created_at, AUTH_CONNECTORS.c.id)
        > tuple_(
            bindparam("after_key", type_=AUTH_CONNECTORS.c.created_at.type),
            bindparam("after_id", type_=RichIdColumn(AuthConnectorId)),
        )
    ).limit(bindparam("count"))
)
UPDATE_AUTH_CONNECTOR = Query[DBAuthConnector](
    update(AUTH_CONNECTORS)
    .where(_IS_CHANGED_ONE)
    .values(
        {
            name: bindparam(f"new_{name}", type_=AUTH_CONNECTORS.c[name].type)
            for name in (*_CHANGEABLE, "settings_version")
        }
        | _CHANGED
    )
    .returning(*_COLUMNS)
)
SET_ENABLED = Query[DBAuthConnector](
    update(AUTH_CONNECTORS)
    .where(_IS_CHANGED_ONE, AUTH_CONNECTORS.c.enabled != bindparam("new_enabled", type_=Boolean))
    .values(enabled=bindparam("new_enabled", type_=Boolean), **_CHANGED)
    .returning(*_COLUMNS)
)
DELETE_AUTH_CONNECTOR = Query[None](delete_from(AUTH_CONNECTORS).where(_IS_ONE))

NOTE_TESTED = Query[None](
    update(AUTH_CONNECTORS)
    .where(_IS_CHANGED_ONE)
    .values(tested_version=bindparam("new_tested_version", type_=Integer), tested_at=func.now())
)
