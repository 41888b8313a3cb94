"""What a sender does, for all tenants: it claims what is due, and records what came of it."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Integer,
    Text,
    and_,
    bindparam,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    true,
    update,
)

from central.kernel.ids import TenantId, WebhookDeliveryId, WebhookEndpointId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.outbox.tables import OUTBOX
from central_server.webhooks.tables import (
    WEBHOOK_ATTEMPTS,
    WEBHOOK_DELIVERIES,
    WEBHOOK_ENDPOINTS,
    DBClaimedDelivery,
    DBFailingEndpoint,
    DBWebhookBacklog,
)

_D, _E = WEBHOOK_DELIVERIES.c, WEBHOOK_ENDPOINTS.c
_OF_TENANT = bindparam("of_tenant", type_=RichIdColumn(TenantId))
_MOST = bindparam("most", type_=Integer)
# As text: PostgreSQL uses a partial index only for what it can see.
_WAITING = text("webhook_deliveries.state = 'waiting'")
_DUE = _D.next_attempt_at <= func.now()

LOCK_CLAIMS = Query[Any](
    select(func.pg_advisory_xact_lock(func.hashtextextended("central webhook claims", 0)).label("locked"))
)
"""One sender claims at a time, for milliseconds, so that limits hold for all senders together."""

IS_ANY_DUE = Query[bool](select(select(literal(1)).select_from(WEBHOOK_DELIVERIES).where(_WAITING, _DUE).exists()))

_of_disabled = (
    select(_D.id)
    .where(
        _D.tenant_id == _E.tenant_id,
        _D.endpoint_id == _E.id,
        _WAITING,
        or_(_D.claimed_until.is_(None), _D.claimed_until < func.now()),
    )
    .order_by(_D.next_attempt_at)
    .limit(_MOST)
    .correlate(WEBHOOK_ENDPOINTS)
    .lateral("of_disabled")
)
_unwanted = (
    select(_E.tenant_id, _of_disabled.c.id)
    .select_from(WEBHOOK_ENDPOINTS)
    .join(_of_disabled, true())
    .where(~_E.enabled)
    .limit(_MOST)
    .cte("unwanted")
)
GIVE_UP_UNWANTED = Query[Any](
    update(WEBHOOK_DELIVERIES)
    .where(_D.tenant_id == _unwanted.c.tenant_id, _D.id == _unwanted.c.id, _WAITING)
    .values(state="failed", ended_at=func.now(), claimed_until=null(), last_error="endpoint_disabled")
)
"""Ends what waits for disabled endpoints."""


def _under_way(of: FromClause, tenant: ColumnElement[Any], endpoint: ColumnElement[Any] | None = None) -> Any:
    """Count the requests under way, of all senders, of a row's tenant or endpoint."""
    claimed = WEBHOOK_DELIVERIES.alias()
    same = [claimed.c.tenant_id == tenant, claimed.c.claimed_until > func.now()]
    if endpoint is not None:
        same.append(claimed.c.endpoint_id == endpoint)
    return select(func.count()).select_from(claimed).where(*same).correlate(of).scalar_subquery()


_due = (
    select(_D.id, _D.next_attempt_at)
    .where(_D.tenant_id == _E.tenant_id, _D.endpoint_id == _E.id, _WAITING, _DUE)
    .order_by(_D.next_attempt_at)
    .limit(bindparam("per_endpoint", type_=Integer))
    .correlate(WEBHOOK_ENDPOINTS)
    .lateral("due")
)
_by_endpoint = (
    select(
        _E.tenant_id,
        _E.id.label("endpoint_id"),
        _due.c.id,
        _due.c.next_attempt_at,
        (
            func.row_number().over(partition_by=(_E.tenant_id, _E.id), order_by=_due.c.next_attempt_at)
            + _under_way(WEBHOOK_ENDPOINTS, _E.tenant_id, _E.id)
        ).label("turn"),
    )
    .select_from(WEBHOOK_ENDPOINTS)
    .join(_due, true())
    .where(_E.enabled)
    .subquery("by_endpoint")
)
_by_tenant = (
    select(
        _by_endpoint.c.tenant_id,
        _by_endpoint.c.id,
        _by_endpoint.c.next_attempt_at,
        (
            func.row_number().over(
                partition_by=_by_endpoint.c.tenant_id, order_by=(_by_endpoint.c.turn, _by_endpoint.c.next_attempt_at)
            )
            + _under_way(_by_endpoint, _by_endpoint.c.tenant_id)
        ).label("turn"),
    )
    .where(_by_endpoint.c.turn <= bindparam("per_endpoint", type_=Integer))
    .subquery("by_tenant")
)
_chosen = (
    select(_by_tenant.c.tenant_id, _by_tenant.c.id)
    .where(_by_tenant.c.turn <= bindparam("per_tenant", type_=Integer))
    .order_by(_by_tenant.c.turn, _by_tenant.c.next_attempt_at)
    .limit(_MOST)
    .subquery("chosen")
)
_locked = (
    select(_D.tenant_id, _D.id)
    .join(_chosen, and_(_D.tenant_id == _chosen.c.tenant_id, _D.id == _chosen.c.id))
    .where(_WAITING, _DUE)
    .with_for_update(of=WEBHOOK_DELIVERIES, skip_locked=True)
    .cte("locked")
)
_lease_end = func.now() + seconds(bindparam("lease", type_=Float))
_payload = (
    select(OUTBOX.c.payload)
    .where(OUTBOX.c.tenant_id == _D.tenant_id, OUTBOX.c.id == _D.event_id)
    .correlate(WEBHOOK_DELIVERIES)
    .scalar_subquery()
)
CLAIM = Query[DBClaimedDelivery](
    update(WEBHOOK_DELIVERIES)
    .where(_D.tenant_id == _locked.c.tenant_id, _D.id == _locked.c.id)
    .where(_E.tenant_id == _D.tenant_id, _E.id == _D.endpoint_id)
    .values(
        attempts=_D.attempts + 1,
        tries=_D.tries + 1,
        claimed_until=_lease_end,
        next_attempt_at=_lease_end,
        last_attempt_at=func.now(),
    )
    .returning(
        *(_D[name] for name in ("tenant_id", "id", "endpoint_id", "event_id", "attempts", "tries", "first_failed_at")),
        func.extract("epoch", func.now() - _D.first_failed_at).cast(Float).label("failing"),
        _E.url,
        _payload.label("payload"),
    )
)
"""Takes on what is due, up to `most`: one of each tenant before a second of any, and so among a tenant's endpoints.

Whoever has requests under way stands behind whoever has none, and no endpoint and no tenant has more of them at once
than the limits say: so whoever answers slowly waits for themselves alone.
"""

# Recording

_IS_ENDPOINT = and_(
    _E.tenant_id == _OF_TENANT, _E.id == bindparam("of_endpoint", type_=RichIdColumn(WebhookEndpointId))
)
_IS_STILL_OURS = and_(
    _D.tenant_id == _OF_TENANT,
    _D.id == bindparam("of_id", type_=RichIdColumn(WebhookDeliveryId)),
    _D.attempts == bindparam("claimed", type_=Integer),
    _D.claimed_until.is_not(None),
)
_OUTCOME = {
    "claimed_until": null(),
    "last_status": bindparam("status", type_=Integer),
    "last_error": bindparam("error", type_=Text),
}
NOTE_SUCCESS = Query[Any](
    update(WEBHOOK_ENDPOINTS)
    .where(
        _IS_ENDPOINT,
        or_(
            _E.failing_since.is_not(None),
            _E.last_success_at.is_(None),
            _E.last_success_at < func.now() - seconds(60),
        ),
    )
    .values(failing_since=null(), last_success_at=func.now())
)
"""At most once a minute, so that a busy endpoint is not written with every delivery."""

NOTE_FAILURE = Query[DBFailingEndpoint](
    update(WEBHOOK_ENDPOINTS)
    .where(_IS_ENDPOINT)
    .values(failing_since=func.coalesce(_E.failing_since, func.now()))
    .returning(_E.id, _E.failing_since)
)
END_DELIVERY = Query[Any](
    update(WEBHOOK_DELIVERIES)
    .where(_IS_STILL_OURS)
    .values(state=bindparam("new_state", type_=Text), ended_at=func.now(), **_OUTCOME)
)
PUT_BACK = Query[Any](
    update(WEBHOOK_DELIVERIES)
    .where(_IS_STILL_OURS)
    .values(
        next_attempt_at=func.now() + seconds(bindparam("delay", type_=Float)),
        first_failed_at=func.coalesce(_D.first_failed_at, func.now()),
        **_OUTCOME,
    )
)
_seen = (
    select(_D.tenant_id, _D.id)
    .where(_D.tenant_id == _OF_TENANT, _D.id == bindparam("of_id", type_=RichIdColumn(WebhookDeliveryId)))
    .with_for_update(key_share=True, read=True)
    .cte("seen")
)
_ATTEMPT = ("number", "started_at", "duration_ms", "status", "error", "detail", "answer")
INSERT_ATTEMPT = Query[Any](
    insert(WEBHOOK_ATTEMPTS).from_select(
        ["tenant_id", "delivery_id", *_ATTEMPT],
        select(
            _seen.c.tenant_id,
            _seen.c.id,
            *(bindparam(name, type_=WEBHOOK_ATTEMPTS.c[name].type) for name in _ATTEMPT),
        ),
    )
)
"""Writes an attempt down, unless its delivery was deleted meanwhile."""

BACKLOG = Query[DBWebhookBacklog](
    select(
        func.count().label("waiting"),
        func.coalesce(func.extract("epoch", func.now() - func.min(_D.next_attempt_at)), 0.0)
        .cast(Float)
        .label("oldest"),
    ).where(_WAITING, _DUE)
)
