from sqlalchemy import Boolean, Integer, LargeBinary, Text, and_, bindparam, case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from central.kernel.ids import SessionId, SignInId, TenantId, UserId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.deleting import delete_batch
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters
from central_server.tool_sign_ins.tables import (
    TOOL_SIGN_INS,
    DBApproved,
    DBDecided,
    DBExchange,
    DBPoll,
    DBStarted,
    DBToolSignIn,
)

MOST_TRIES = 5
_KEPT_SECONDS = 600
_SLOWER_BY = 5
_SLOWEST = 60
_MOST_FORGOTTEN = 100

_T = TOOL_SIGN_INS.c
_OF_TENANT = bindparam("of_tenant", type_=RichIdColumn(TenantId))
_IS_ONE = and_(_T.tenant_id == _OF_TENANT, _T.id == bindparam("of_id", type_=RichIdColumn(SignInId)))
_IS_LIVE = _T.expires_at > func.now()

# The code's first half is free again some time after the row's end: with the deleted rows goes the reservation.
_ENDED = (
    select(_T.id)
    .where(_T.tenant_id == _OF_TENANT, _T.expires_at < func.now() - seconds(_KEPT_SECONDS))
    .limit(_MOST_FORGOTTEN)
    .with_for_update(skip_locked=True)
    .cte("ended")
)
FORGET_ENDED = Query[None](delete(TOOL_SIGN_INS).where(_T.tenant_id == _OF_TENANT, _T.id == _ENDED.c.id))
INSERT = Query[DBStarted](
    insert(TOOL_SIGN_INS)
    .values(
        parameters(
            "tenant_id",
            "id",
            "flow",
            "application",
            "host",
            "version",
            "address",
            "user_code_prefix",
            "user_code_mac",
            "device_code_hash",
            "interval_seconds",
            "redirect_uri",
            "client_state",
            "code_challenge",
        )
        | {"expires_at": func.now() + seconds(bindparam("lifetime_seconds", type_=Integer))}
    )
    .on_conflict_do_nothing(index_elements=["tenant_id", "user_code_prefix"])
    .returning(_T.id, _T.expires_at, _T.interval_seconds)
)
"""Gives nothing when the first half of the code is taken: another one is to be made."""

COUNT_TRY = Query[DBToolSignIn](
    update(TOOL_SIGN_INS)
    .where(
        _T.tenant_id == _OF_TENANT,
        _T.user_code_prefix == bindparam("prefix", type_=Text),
        _IS_LIVE,
        _T.tries < MOST_TRIES,
    )
    .values(tries=_T.tries + 1)
    .returning(
        _T.id,
        _T.flow,
        _T.state,
        _T.application,
        _T.host,
        _T.version,
        _T.address,
        _T.created_at,
        _T.expires_at,
        _T.user_code_mac,
    )
)
FORGIVE_TRY = Query[None](update(TOOL_SIGN_INS).where(_IS_ONE).values(tries=_T.tries - 1))
"""A right code was no try."""

_DECIDED_BY = {
    "decided_at": func.now(),
    "user_id": bindparam("new_user", type_=RichIdColumn(UserId)),
    "session_id": bindparam("new_session", type_=RichIdColumn(SessionId)),
}
_DECIDE = update(TOOL_SIGN_INS).where(_IS_ONE, _T.state == "pending", _IS_LIVE)
_DECIDED = (_T.id, _T.redirect_uri, _T.client_state)
DENY = Query[DBDecided](_DECIDE.values(_DECIDED_BY | {"state": "denied"}).returning(*_DECIDED))
APPROVE = Query[DBDecided](
    _DECIDE.where(_T.flow == bindparam("of_flow", type_=Text))
    .values(
        _DECIDED_BY
        | {
            "state": "approved",
            "code_hash": bindparam("new_code_hash", type_=LargeBinary),
            "code_expires_at": func.now() + seconds(bindparam("code_seconds", type_=Integer)),
        }
    )
    .returning(*_DECIDED)
)
"""Only the loopback flow has a code."""

_before = (
    select(
        _T.id,
        func.coalesce(
            and_(_T.state == "pending", _T.polled_at > func.now() - seconds(_T.interval_seconds)),
            False,
            type_=Boolean,
        ).label("too_soon"),
    )
    .where(
        _T.tenant_id == bindparam("tenant_id", type_=RichIdColumn(TenantId)),
        _T.device_code_hash == bindparam("code_hash", type_=LargeBinary),
    )
    .with_for_update()
    .cte("before")
)
COUNT_POLL = Query[DBPoll](
    update(TOOL_SIGN_INS)
    .where(_T.tenant_id == _OF_TENANT, _T.id == _before.c.id)
    .values(
        polled_at=func.now(),
        interval_seconds=case(
            (_before.c.too_soon, func.least(_T.interval_seconds + _SLOWER_BY, _SLOWEST)), else_=_T.interval_seconds
        ),
    )
    .returning(
        _T.id,
        _T.state,
        _IS_LIVE.label("live"),
        _before.c.too_soon,
        _T.interval_seconds,
        _T.application,
        _T.host,
        _T.version,
        _T.user_id,
        _T.session_id,
    )
)
_USE = update(TOOL_SIGN_INS).values(state="used", used_at=func.now())
USE_DEVICE = Query[DBApproved](
    _USE.where(_IS_ONE, _T.flow == "device", _T.state == "approved", _IS_LIVE).returning(
        _T.id, _T.application, _T.host, _T.version, _T.user_id, _T.session_id
    )
)
"""Uses an approval up, once."""

USE_LOOPBACK_CODE = Query[DBExchange](
    _USE.where(
        _T.tenant_id == _OF_TENANT,
        _T.code_hash == bindparam("of_code_hash", type_=LargeBinary),
        _T.state == "approved",
        _T.code_expires_at > func.now(),
    ).returning(
        _T.id,
        _T.application,
        _T.host,
        _T.version,
        _T.user_id,
        _T.session_id,
        _T.redirect_uri,
        _T.code_challenge,
    )
)
"""Uses a code up, once, before what goes with it is compared: a wrong try is the last one."""
DELETE_TOOL_SIGN_INS = Query[None](delete_batch(TOOL_SIGN_INS, lambda ended: ended.c.expires_at))
