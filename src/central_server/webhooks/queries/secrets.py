from sqlalchemy import ARRAY, Integer, Uuid, and_, any_, bindparam, func, insert, or_, select, update
from sqlalchemy import delete as delete_from

from central.kernel.ids import TenantId, WebhookEndpointId, WebhookSecretId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters
from central_server.webhooks.tables import WEBHOOK_SECRETS, DBWebhookSecret

_S = WEBHOOK_SECRETS.c
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_OF_TENANT = bindparam("of_tenant", type_=RichIdColumn(TenantId))
_OF_ENDPOINT = bindparam("of_endpoint", type_=RichIdColumn(WebhookEndpointId))
_IS_VALID = or_(_S.expires_at.is_(None), _S.expires_at > func.now())
_OF_ENDPOINTS = _S.endpoint_id == any_(bindparam("endpoints", type_=ARRAY(Uuid)))
_NEWEST_FIRST = (_S.created_at.desc(), _S.id.desc())

INSERT_SECRET = Query[None](insert(WEBHOOK_SECRETS).values(parameters("tenant_id", "id", "endpoint_id", "secret")))
LIST_SECRETS = Query[DBWebhookSecret](
    select(*_S).where(_S.tenant_id == _TENANT, _OF_ENDPOINTS, _IS_VALID).order_by(*_NEWEST_FIRST)
)
LIST_SECRETS_TO_SIGN = Query[DBWebhookSecret](
    select(*_S)
    .where(_S.tenant_id == any_(bindparam("tenants", type_=ARRAY(Uuid))), _OF_ENDPOINTS, _IS_VALID)
    .order_by(*_NEWEST_FIRST)
)
"""Gives the valid ones of endpoints of several tenants, whose deliveries a sender has claimed."""

DELETE_OLD_SECRETS = Query[None](
    delete_from(WEBHOOK_SECRETS).where(
        _S.tenant_id == _OF_TENANT, _S.endpoint_id == _OF_ENDPOINT, _S.expires_at.is_not(None)
    )
)
EXPIRE_SECRET = Query[None](
    update(WEBHOOK_SECRETS)
    .where(_S.tenant_id == _OF_TENANT, _S.endpoint_id == _OF_ENDPOINT, _S.expires_at.is_(None))
    .values(expires_at=func.now() + seconds(bindparam("overlap_seconds", type_=Integer)))
)

_PREFIX = bindparam("prefix", type_=_S.secret.type)
LIST_SEALED_SECRETS = Query[DBWebhookSecret](
    select(*_S)
    .where(func.substring(_S.secret, 1, func.length(_PREFIX)) != _PREFIX)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
REPLACE_SEALED_SECRET = Query[None](
    update(WEBHOOK_SECRETS)
    .where(and_(_S.tenant_id == _OF_TENANT, _S.id == bindparam("of_id", type_=RichIdColumn(WebhookSecretId))))
    .values(secret=bindparam("new_secret", type_=_S.secret.type))
)
