from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    LargeBinary,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    insert,
    null,
    select,
    table,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.sql.dml import ReturningUpdate

from central.kernel.ids import AuthConnectorId, SessionId, TenantId, UserId
from central.sessions.models import SessionState
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.deleting import delete_batch
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters
from central_server.sessions.tables import (
    SESSIONS,
    DBEndedSession,
    DBHeldSession,
    DBPrincipal,
    DBSealedIdToken,
    DBSession,
    DBSessionOrigin,
)

_time = DateTime(timezone=True)
# Who asks will ask again: their ids are spelled once.
_REMEMBERED = 4096
PRINCIPAL_COLUMNS = (
    column("tenant_id", RichIdColumn(TenantId, remembered=_REMEMBERED)),
    column("session_id", RichIdColumn(SessionId, remembered=_REMEMBERED)),
    column("tenant_slug", Text),
    column("user_id", RichIdColumn(UserId, remembered=_REMEMBERED)),
    column("touch_due", Boolean),
    column("is_fresh", Boolean),
    column("impersonator_id", RichIdColumn(UserId)),
    column("impersonator_name", Text),
    column("impersonator_roles", ARRAY(Text)),
    column("impersonator_granted", ARRAY(Text)),
    column("email", Text),
    column("email_verified", Boolean),
    column("display_name", Text),
    column("locale", Text),
    column("time_zone", Text),
    column("roles", ARRAY(Text)),
    column("granted", ARRAY(Text)),
    column("system_permissions", ARRAY(Text)),
    column("state", Text),
    column("created_at", _time),
    column("updated_at", _time),
    column("last_sign_in_at", _time),
    column("version", Integer),
)
_LIMITS = tuple(
    bindparam(name, type_=Integer) for name in ("member_idle", "member_lifetime", "admin_idle", "admin_lifetime")
)
_FOUND = func.central.find_session(bindparam("token_hash", type_=LargeBinary), *_LIMITS).table_valued(
    *PRINCIPAL_COLUMNS, name="found"
)
FIND_SESSION = Query[DBPrincipal](select(_FOUND))
"""Joins session, user and tenant state in one indexed statement, before any tenant is known."""

TOUCH_SESSIONS = Query[int](
    select(
        func.central.touch_sessions(
            bindparam("tenants", type_=ARRAY(Uuid)), bindparam("sessions", type_=ARRAY(Uuid)), *_LIMITS
        ).label("touched")
    )
)

_TENANT = bindparam("of_tenant", type_=RichIdColumn(TenantId))
_USER = bindparam("user", type_=RichIdColumn(UserId))
_ONE = bindparam("session", type_=RichIdColumn(SessionId))
_ADDRESS = cast(bindparam("address", type_=Text), INET)

# The same as in `central.find_session`, which has them in its own text; a test holds the two together.
_POLICY = func.central.session_policy(_TENANT).table_valued(
    *(column(limit.key, Integer) for limit in _LIMITS), name="policy"
)
_MEMBER_IDLE, _MEMBER_LIFETIME, _ADMIN_IDLE, _ADMIN_LIFETIME = (
    func.least(limit, _POLICY.c[limit.key], type_=Integer) for limit in _LIMITS
)
_S = SESSIONS.alias("s")
_IDLE = func.least(_S.c.idle_seconds, case((_S.c.powerful, _ADMIN_IDLE), else_=_MEMBER_IDLE), type_=Integer)
_LIFETIME = case((_S.c.powerful, _ADMIN_LIFETIME), else_=_MEMBER_LIFETIME)
_EXPIRES = func.least(_S.c.expires_at, _S.c.created_at + seconds(_LIFETIME), type_=_time)
_IDLES = _S.c.last_used_at + seconds(_IDLE)
_over = func.least(_EXPIRES, _IDLES, type_=_time)
_IS_LIVE = and_(_S.c.ended_at.is_(None), _over > func.now())
_FROM: FromClause = _S.join(_POLICY, true())
_SHOWN: tuple[ColumnElement[Any], ...] = (
    _S.c.id,
    _S.c.user_id,
    _S.c.connector_id,
    _S.c.created_at,
    _S.c.last_used_at,
    _EXPIRES.label("expires_at"),
    func.coalesce(_S.c.ended_at, case((_over <= func.now(), _over))).label("ended_at"),
    func.coalesce(
        _S.c.ended_reason, case((_over > func.now(), None), (_EXPIRES <= _IDLES, "expired"), else_="idle")
    ).label("ended_reason"),
    _S.c.ended_by,
    func.host(_S.c.address).label("address"),
    _S.c.user_agent,
    _S.c.impersonator_id,
    _S.c.impersonation_reason,
)

_WRITTEN = (
    *(SESSIONS.c[shown.name] for shown in _SHOWN if shown.name != "address"),
    func.host(SESSIONS.c.address).label("address"),
)

INSERT_SESSION = Query[DBSession](
    insert(SESSIONS)
    .values(
        parameters(
            "tenant_id",
            "id",
            "user_id",
            "connector_id",
            "token_hash",
            "idle_seconds",
            "powerful",
            "user_agent",
            "impersonator_id",
            "impersonator_session_id",
            "impersonation_reason",
        )
        | {
            "address": _ADDRESS,
            "authenticated_at": func.least(func.now(), bindparam("authenticated_at", type_=_time)),
            "expires_at": func.least(
                func.now() + seconds(bindparam("lifetime_seconds", type_=Integer)), bindparam("not_after", type_=_time)
            ),
        }
    )
    .returning(*_WRITTEN)
)
HOLD_SESSION = Query[DBHeldSession](
    select(_EXPIRES.label("expires_at"))
    .select_from(_FROM)
    .where(_S.c.tenant_id == _TENANT, _S.c.user_id == _USER, _S.c.id == _ONE, _IS_LIVE)
    .with_for_update(read=True, of=_S)
)
"""Keeps a live session from being ended until the transaction ends."""

_FORMER = SESSIONS.alias("former")
CONTINUE_SESSION = Query[DBSession](
    update(SESSIONS)
    .where(
        SESSIONS.c.tenant_id == bindparam("of_tenant", type_=RichIdColumn(TenantId)),
        SESSIONS.c.id == bindparam("of_id", type_=RichIdColumn(SessionId)),
        _FORMER.c.tenant_id == SESSIONS.c.tenant_id,
        _FORMER.c.user_id == SESSIONS.c.user_id,
        _FORMER.c.id == bindparam("former", type_=RichIdColumn(SessionId)),
    )
    .values(
        authenticated_at=_FORMER.c.authenticated_at,
        expires_at=func.least(SESSIONS.c.expires_at, _FORMER.c.expires_at),
    )
    .returning(*_WRITTEN)
)
"""A new token is no new proof of who somebody is, and no more time."""


class SessionFilters(NamedTuple):
    """Which conditions a statement has; each choice is one statement, compiled once."""

    user: bool = False
    connector: bool = False
    address: bool = False
    created_after: bool = False
    created_before: bool = False
    role: bool = False
    kept_user: bool = False


def _conditions(filters: SessionFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [_S.c.tenant_id == _TENANT]
    if filters.user:
        conditions.append(_S.c.user_id == _USER)
    if filters.connector:
        conditions.append(_S.c.connector_id == bindparam("connector", type_=RichIdColumn(AuthConnectorId)))
    if filters.address:
        conditions.append(_S.c.address.op("<<=", is_comparison=True)(_ADDRESS))
    if filters.created_after:
        conditions.append(_S.c.created_at >= bindparam("created_after", type_=_time))
    if filters.created_before:
        conditions.append(_S.c.created_at < bindparam("created_before", type_=_time))
    if filters.role:
        conditions.append(_HOLDS)
    if filters.kept_user:
        conditions.append(_S.c.user_id != bindparam("kept_user", type_=RichIdColumn(UserId)))
    return conditions


@cache
def list_sessions(filters: SessionFilters, state: SessionState, *, goes_on: bool) -> Query[DBSession]:
    """Give the statement of a list, newest first: keyset on the time and the id."""
    conditions = _conditions(filters)
    if state != "all":
        conditions.append(_IS_LIVE if state == "live" else ~_IS_LIVE)
    if goes_on:
        after = tuple_(bindparam("after_key", type_=_time), bindparam("after_id", type_=RichIdColumn(SessionId)))
        conditions.append(tuple_(_S.c.created_at, _S.c.id) < after)
    listed = select(*_SHOWN).select_from(_FROM).where(*conditions)
    return Query(listed.order_by(_S.c.created_at.desc(), _S.c.id.desc()).limit(bindparam("count")))


@cache
def count_matching(filters: SessionFilters) -> Query[int]:
    """Give the statement that counts live sessions, but for one."""
    matching = select(func.count().label("matching")).select_from(_FROM)
    return Query(matching.where(*_conditions(filters), _IS_LIVE, _S.c.id.is_distinct_from(_ONE)))


@cache
def list_matching(filters: SessionFilters) -> Query[DBEndedSession]:
    """Give the statement of the first live sessions, but for one."""
    matching = select(_S.c.id, _S.c.user_id).select_from(_FROM)
    chosen = matching.where(*_conditions(filters), _IS_LIVE, _S.c.id.is_distinct_from(_ONE))
    return Query(chosen.order_by(_S.c.id).limit(bindparam("count")))


def _picked(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Pick live sessions in the order of their ids, and lock them: whoever changes several takes them in this order."""
    return (
        select(_S.c.id)
        .select_from(_FROM)
        .where(_S.c.tenant_id == _TENANT, _IS_LIVE, *conditions)
        .order_by(_S.c.id)
        .with_for_update(of=_S, key_share=True)
    )


def _ended(picked: Select[Any]) -> ReturningUpdate[Any, Any]:
    found = picked.cte("picked")
    return (
        update(SESSIONS)
        .where(SESSIONS.c.tenant_id == _TENANT, SESSIONS.c.id == found.c.id)
        .values(
            ended_at=func.now(),
            ended_reason=bindparam("reason", type_=Text),
            ended_by=bindparam("by", type_=RichIdColumn(UserId)),
            id_token=null(),
        )
        .returning(SESSIONS.c.id, SESSIONS.c.user_id)
    )


END_SESSION = Query[DBEndedSession](_ended(_picked(_S.c.user_id == _USER, _S.c.id == _ONE)))
END_OTHER_SESSIONS = Query[DBEndedSession](_ended(_picked(_S.c.user_id == _USER, _S.c.id != _ONE)))
END_SESSIONS = Query[DBEndedSession](_ended(_picked(_S.c.user_id == _USER)))
END_SESSIONS_OF_USERS = Query[DBEndedSession](
    _ended(_picked(_S.c.user_id == any_(bindparam("users", type_=ARRAY(Uuid)))))
)
END_IMPERSONATIONS = Query[DBEndedSession](
    _ended(_picked(_S.c.impersonator_session_id == any_(bindparam("sessions", type_=ARRAY(Uuid)))))
)
"""Ends what was begun from sessions that have ended."""


@cache
def end_matching(filters: SessionFilters) -> Query[DBEndedSession]:
    """Give the statement that ends a batch of live sessions, but for one."""
    return Query(_ended(_picked(*_conditions(filters), _S.c.id.is_distinct_from(_ONE)).limit(bindparam("count"))))


_HOLDERS = table(
    "user_roles",
    column("tenant_id", RichIdColumn(TenantId)),
    column("user_id", RichIdColumn(UserId)),
    column("role", Text),
    column("expires_at", _time),
)
"""Who holds which role, as far as it makes sessions shorter: people, above this domain, own the table."""

_HOLDS = exists().where(
    _HOLDERS.c.tenant_id == _TENANT,
    _HOLDERS.c.user_id == _S.c.user_id,
    _HOLDERS.c.role == bindparam("role", type_=Text),
    _HOLDERS.c.expires_at.is_(None) | (_HOLDERS.c.expires_at > func.now()),
)
_OF_HOLDERS = _picked(~_S.c.powerful, _HOLDS).cte("of_holders")
MAKE_POWERFUL = Query[None](
    update(SESSIONS).where(SESSIONS.c.tenant_id == _TENANT, SESSIONS.c.id == _OF_HOLDERS.c.id).values(powerful=true())
)
"""Lets the lifetimes of whoever may do more than read count for the sessions of a role's holders."""

_FADED = (
    select(_S.c.id, _over.label("ended_at"), case((_EXPIRES <= _IDLES, "expired"), else_="idle").label("reason"))
    .select_from(_FROM)
    .where(
        _S.c.tenant_id == _TENANT,
        _S.c.ended_at.is_(None),
        _over <= func.now(),
        _S.c.expires_at > func.now(),
        _S.c.last_used_at + seconds(_S.c.idle_seconds) > func.now(),
    )
    .order_by(_S.c.id)
    .limit(bindparam("count"))
    .with_for_update(of=_S, key_share=True)
    .cte("faded")
)
END_FADED = Query[None](
    update(SESSIONS)
    .where(SESSIONS.c.tenant_id == _TENANT, SESSIONS.c.id == _FADED.c.id)
    .values(ended_at=_FADED.c.ended_at, ended_reason=_FADED.c.reason, id_token=null())
)
"""Writes down the end of a batch of sessions that only a policy has ended, so that no other policy revives them."""
_CHANGED_ONE = and_(
    SESSIONS.c.tenant_id == bindparam("of_tenant", type_=RichIdColumn(TenantId)),
    SESSIONS.c.id == bindparam("of_id", type_=RichIdColumn(SessionId)),
    SESSIONS.c.ended_at.is_(None),
)
KEEP_ID_TOKEN = Query[None](
    update(SESSIONS).where(_CHANGED_ONE).values(id_token=bindparam("new_token", type_=LargeBinary))
)
_IS_ONE = and_(SESSIONS.c.tenant_id == _TENANT, SESSIONS.c.id == bindparam("id", type_=RichIdColumn(SessionId)))
GET_ORIGIN = Query[DBSessionOrigin](
    select(SESSIONS.c.connector_id, SESSIONS.c.id_token, SESSIONS.c.authenticated_at).where(_IS_ONE)
)
_PREFIX = bindparam("prefix", type_=LargeBinary)
LIST_SEALED_ID_TOKENS = Query[DBSealedIdToken](
    select(SESSIONS.c.tenant_id, SESSIONS.c.id, SESSIONS.c.id_token)
    .where(
        SESSIONS.c.ended_at.is_(None),
        SESSIONS.c.id_token.is_not(None),
        func.substring(SESSIONS.c.id_token, 1, func.length(_PREFIX)) != _PREFIX,
    )
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)

DELETE_SESSIONS = Query[None](
    delete_batch(SESSIONS, lambda ended: func.least(ended.c.expires_at, ended.c.ended_at, type_=_time))
)
"""By when they were ended, or else had to end: one that ended for want of use is kept that much longer."""
