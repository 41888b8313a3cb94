from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    DateTime,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    func,
    insert,
    null,
    select,
    tuple_,
    update,
)
from sqlalchemy import delete as delete_from

from central.kernel.ids import TenantId, WebhookEndpointId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.parameters import parameters
from central_server.webhooks.tables import WEBHOOK_ENDPOINTS, DBWebhookEndpoint

_E = WEBHOOK_ENDPOINTS.c
_time = DateTime(timezone=True)
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_IS_ONE = and_(_E.tenant_id == _TENANT, _E.id == bindparam("id", type_=RichIdColumn(WebhookEndpointId)))
_IS_CHANGED_ONE = and_(
    _E.tenant_id == bindparam("of_tenant", type_=RichIdColumn(TenantId)),
    _E.id == bindparam("of_id", type_=RichIdColumn(WebhookEndpointId)),
)
_CHANGED = {"updated_at": func.now(), "version": _E.version + 1}

LOCK_ROOM = Query[None](
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("room_key", type_=Text), 0)).label("locked"))
)
"""Lets one at a time decide whether a tenant has room for one more endpoint."""

COUNT_ENDPOINTS = Query[int](
    select(func.count().label("endpoints")).select_from(WEBHOOK_ENDPOINTS).where(_E.tenant_id == _TENANT)
)
INSERT_ENDPOINT = Query[DBWebhookEndpoint](
    insert(WEBHOOK_ENDPOINTS)
    .values(
        parameters("tenant_id", "id", "url", "description", "kinds", "enabled", "created_by")
        | {
            "disabled_reason": case((bindparam("enabled", type_=Boolean), null()), else_="by_hand"),
            "disabled_at": case((bindparam("enabled", type_=Boolean), null()), else_=func.now()),
        }
    )
    .returning(*_E)
)
GET_ENDPOINT = Query[DBWebhookEndpoint](select(*_E).where(_IS_ONE))
LOCK_ENDPOINT = Query[DBWebhookEndpoint](select(*_E).where(_IS_ONE).with_for_update())
_LIST = select(*_E).where(_E.tenant_id == _TENANT).order_by(_E.created_at, _E.id).limit(bindparam("count"))
LIST_ENDPOINTS = Query[DBWebhookEndpoint](_LIST)
LIST_ENDPOINTS_AFTER = Query[DBWebhookEndpoint](
    _LIST.where(
        tuple_(_E.created_at, _E.id)
        > tuple_(
            bindparam("after_key", type_=_time),
            bindparam("after_id", type_=RichIdColumn(WebhookEndpointId)),
        )
    )
)
UPDATE_ENDPOINT = Query[DBWebhookEndpoint](
    update(WEBHOOK_ENDPOINTS)
    .where(_IS_CHANGED_ONE)
    .values(
        url=bindparam("new_url", type_=Text),
        description=bindparam("new_description", type_=Text),
        kinds=bindparam("new_kinds", type_=ARRAY(Text)),
        **_CHANGED,
    )
    .returning(*_E)
)
ENABLE_ENDPOINT = Query[DBWebhookEndpoint](
    update(WEBHOOK_ENDPOINTS)
    .where(_IS_CHANGED_ONE, ~_E.enabled)
    .values(enabled=True, disabled_reason=null(), disabled_at=null(), failing_since=null(), **_CHANGED)
    .returning(*_E)
)
DISABLE_ENDPOINT = Query[DBWebhookEndpoint](
    update(WEBHOOK_ENDPOINTS)
    .where(_IS_CHANGED_ONE, _E.enabled)
    .values(enabled=False, disabled_reason=bindparam("new_reason", type_=Text), disabled_at=func.now(), **_CHANGED)
    .returning(*_E)
)
"""Whoever comes second gets nothing, and tells nothing."""

TOUCH_ENDPOINT = Query[DBWebhookEndpoint](
    update(WEBHOOK_ENDPOINTS).where(_IS_CHANGED_ONE).values(**_CHANGED).returning(*_E)
)
DELETE_ENDPOINT = Query[Any](delete_from(WEBHOOK_ENDPOINTS).where(_IS_ONE))

COUNT_DISABLED = Query[int](
    select(func.count().label("disabled"))
    .select_from(WEBHOOK_ENDPOINTS)
    .where(
        _E.disabled_reason == "failing",
        _E.disabled_at > func.now() - func.make_interval(0, 0, 0, bindparam("days", type_=Integer)),
    )
)
"""Counts, in all tenants, those that were disabled since nothing succeeded."""
