from sqlalchemy import (
    ARRAY,
    Boolean,
    DateTime,
    LargeBinary,
    Text,
    Uuid,
    and_,
    bindparam,
    column,
    func,
    insert,
    select,
    tuple_,
    update,
)

from central.kernel.ids import SessionId, TenantId, UserId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters
from central_server.sessions.tables import SESSIONS, DBPrincipal, DBSession, DBSessionId

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
    column("version", SESSIONS.c.idle_seconds.type),
)
_FOUND = func.central.find_session(bindparam("token_hash", type_=LargeBinary)).table_valued(
    *PRINCIPAL_COLUMNS, name="found"
)
FIND_SESSION = Query[DBPrincipal](select(_FOUND))
"""Joins session, user and tenant state in one indexed statement, before any tenant is known."""

TOUCH_SESSIONS = Query[int](
    select(
        func.central.touch_sessions(
            bindparam("tenants", type_=ARRAY(Uuid)), bindparam("sessions", type_=ARRAY(Uuid))
        ).label("touched")
    )
)

_COLUMNS = tuple(
    SESSIONS.c[name]
    for name in (
        "tenant_id",
        "id",
        "user_id",
        "connector_id",
        "created_at",
        "last_used_at",
        "expires_at",
        "address",
        "user_agent",
    )
)
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_USER = bindparam("user_id", type_=RichIdColumn(UserId))
_IS_LIVE = and_(
    SESSIONS.c.ended_at.is_(None),
    SESSIONS.c.expires_at > func.now(),
    SESSIONS.c.last_used_at + seconds(SESSIONS.c.idle_seconds) > func.now(),
)
_OF_USER = and_(SESSIONS.c.tenant_id == _TENANT, SESSIONS.c.user_id == _USER)

INSERT_SESSION = Query[DBSession](
    insert(SESSIONS)
    .values(
        parameters("tenant_id", "id", "user_id", "connector_id", "token_hash", "idle_seconds", "address", "user_agent")
        | {"expires_at": func.now() + seconds(bindparam("lifetime_seconds", type_=SESSIONS.c.idle_seconds.type))}
    )
    .returning(*_COLUMNS)
)
_LIST = select(*_COLUMNS).where(_OF_USER, _IS_LIVE).order_by(SESSIONS.c.created_at.desc(), SESSIONS.c.id.desc())
LIST_SESSIONS = Query[DBSession](_LIST.limit(bindparam("count")))
LIST_SESSIONS_AFTER = Query[DBSession](
    _LIST.where(
        tuple_(SESSIONS.c.created_at, SESSIONS.c.id)
        < tuple_(bindparam("after_key", type_=_time), bindparam("after_id", type_=RichIdColumn(SessionId)))
    ).limit(bindparam("count"))
)

_END = (
    update(SESSIONS)
    .where(
        SESSIONS.c.tenant_id == bindparam("of_tenant", type_=RichIdColumn(TenantId)),
        SESSIONS.c.user_id == bindparam("of_user", type_=RichIdColumn(UserId)),
        _IS_LIVE,
    )
    .values(
        ended_at=func.now(),
        ended_reason=bindparam("reason"),
        ended_by=bindparam("by", type_=RichIdColumn(UserId)),
    )
    .returning(SESSIONS.c.id)
)
_ONE = bindparam("session", type_=RichIdColumn(SessionId))
END_SESSION = Query[DBSessionId](_END.where(SESSIONS.c.id == _ONE))
END_OTHER_SESSIONS = Query[DBSessionId](_END.where(SESSIONS.c.id != _ONE))
END_SESSIONS = Query[DBSessionId](_END)
