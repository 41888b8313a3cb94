"""Deliveries as administrators see them, and beginning them: by an event, by a ping, and anew."""

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from central.kernel.ids import TenantId, WebhookDeliveryId, WebhookEndpointId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.deleting import delete_batch
from central_server.infra.db.parameters import parameters
from central_server.infra.outbox.tables import OUTBOX
from central_server.webhooks.tables import (
    CHANNEL,
    WEBHOOK_ATTEMPTS,
    WEBHOOK_DELIVERIES,
    WEBHOOK_ENDPOINTS,
    DBWebhookAttempt,
    DBWebhookDelivery,
)

_D, _E, _A = WEBHOOK_DELIVERIES.c, WEBHOOK_ENDPOINTS.c, WEBHOOK_ATTEMPTS.c
_time = DateTime(timezone=True)
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_OF_TENANT = bindparam("of_tenant", type_=RichIdColumn(TenantId))
_OF_ENDPOINT = bindparam("of_endpoint", type_=RichIdColumn(WebhookEndpointId))
_SHOWN_NAMES = ("id", "endpoint_id", "event_id", "event_kind", "state", "last_attempt_at", "last_status", "last_error")
_SHOWN = (
    *(_D[name] for name in (*_SHOWN_NAMES, "created_at", "ended_at")),
    _D.attempts.label("attempt_count"),
    case((_D.state == "waiting", _D.next_attempt_at)).label("next_attempt_at"),
)

# Planning

_O = OUTBOX.c
_wanted = (
    select(_E.tenant_id, _E.id, _O.id, _O.kind)
    .select_from(OUTBOX)
    .join(WEBHOOK_ENDPOINTS, _E.tenant_id == _O.tenant_id)
    .where(
        _O.id == any_(bindparam("events", type_=ARRAY(Uuid))),
        _O.created_at >= func.coalesce(_E.imported_at, _E.created_at),
        _E.enabled,
        or_(_E.kinds == bindparam("all_kinds", [], type_=ARRAY(Text)), _O.kind == any_(_E.kinds)),
    )
)
PLAN_DELIVERIES = Query[Any](
    upsert(WEBHOOK_DELIVERIES)
    .from_select(["tenant_id", "endpoint_id", "event_id", "event_kind"], _wanted)
    .on_conflict_do_nothing(constraint="uq_webhook_deliveries_event")
)
"""Begins a delivery for each of the events and each enabled endpoint of its tenant that wants its kind, once.

What happened before an endpoint was there is not for it, wherever the reader of the feed begins.
"""

TELL_SENDERS = Query[Any](select(func.pg_notify(CHANNEL, "").label("told")))

INSERT_DELIVERY = Query[DBWebhookDelivery](
    insert(WEBHOOK_DELIVERIES)
    .values(parameters("tenant_id", "endpoint_id", "event_id", "event_kind"))
    .returning(*_SHOWN)
)

# Beginning anew

_IS_FREE = or_(_D.claimed_until.is_(None), _D.claimed_until < func.now())
_ANEW = {
    "state": "waiting",
    "tries": 0,
    "next_attempt_at": func.now(),
    "claimed_until": null(),
    "first_failed_at": null(),
    "ended_at": null(),
}
REDELIVER = Query[DBWebhookDelivery](
    update(WEBHOOK_DELIVERIES)
    .where(_D.tenant_id == _OF_TENANT, _D.id == bindparam("of_id", type_=RichIdColumn(WebhookDeliveryId)), _IS_FREE)
    .values(_ANEW)
    .returning(*_SHOWN)
)
"""Gives nothing for one that is being sent at this moment."""

_failed = (
    select(_D.id)
    .where(
        _D.tenant_id == _OF_TENANT,
        _D.endpoint_id == _OF_ENDPOINT,
        _D.state == "failed",
        _D.created_at >= bindparam("since", type_=_time),
    )
    .order_by(_D.created_at, _D.id)
    .limit(bindparam("count", type_=Integer))
    .with_for_update(skip_locked=True)
    .cte("failed")
)
REDELIVER_FAILED = Query[Any](
    update(WEBHOOK_DELIVERIES).where(_D.tenant_id == _OF_TENANT, _D.id == _failed.c.id).values(_ANEW)
)

# Looking

GET_DELIVERY = Query[DBWebhookDelivery](
    select(*_SHOWN).where(_D.tenant_id == _TENANT, _D.id == bindparam("id", type_=RichIdColumn(WebhookDeliveryId)))
)
LIST_ATTEMPTS = Query[DBWebhookAttempt](
    select(_A.number, _A.started_at, _A.duration_ms, _A.status, _A.error, _A.detail, _A.answer)
    .where(_A.tenant_id == _TENANT, _A.delivery_id == bindparam("delivery_id", type_=RichIdColumn(WebhookDeliveryId)))
    .order_by(_A.number.desc())
    .limit(bindparam("count", type_=Integer))
)


class DeliveryFilters(NamedTuple):
    """Which conditions a list has; each choice is one statement, compiled once."""

    endpoint: bool = False
    state: bool = False
    kind: bool = False


@cache
def list_deliveries(filters: DeliveryFilters, *, goes_on: bool) -> Query[DBWebhookDelivery]:
    """Give the statement of a list, newest first: keyset on the time and the id."""
    conditions: list[ColumnElement[Any]] = [_D.tenant_id == _TENANT]
    if filters.endpoint:
        conditions.append(_D.endpoint_id == bindparam("endpoint", type_=RichIdColumn(WebhookEndpointId)))
    if filters.state:
        conditions.append(_D.state == bindparam("state", type_=Text))
    if filters.kind:
        conditions.append(_D.event_kind == bindparam("kind", type_=Text))
    if goes_on:
        last = tuple_(bindparam("last_key", type_=_time), bindparam("last_id", type_=RichIdColumn(WebhookDeliveryId)))
        conditions.append(tuple_(_D.created_at, _D.id) < last)
    listed = select(*_SHOWN).where(and_(*conditions))
    return Query(listed.order_by(_D.created_at.desc(), _D.id.desc()).limit(bindparam("count")))


# Removing

DELETE_DELIVERIES = Query[None](delete_batch(WEBHOOK_DELIVERIES, lambda ended: ended.c.ended_at))
_of_endpoint = select(_D.id).where(_D.tenant_id == _OF_TENANT, _D.endpoint_id == _OF_ENDPOINT)
HAS_MORE_DELIVERIES = Query[bool](
    select(exists(_of_endpoint.offset(bindparam("count", type_=Integer))).label("has_more"))
)
"""Whether an endpoint has more deliveries than so many."""

_batch = _of_endpoint.limit(bindparam("count", type_=Integer)).cte("batch")
DELETE_DELIVERIES_OF = Query[None](delete(WEBHOOK_DELIVERIES).where(_D.tenant_id == _OF_TENANT, _D.id == _batch.c.id))
"""Deletes up to so many deliveries of an endpoint, with their attempts."""
