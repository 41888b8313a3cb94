from sqlalchemy import ARRAY, Integer, LargeBinary, Text, Uuid, and_, bindparam, func, insert, null, select, update

from central.kernel.ids import AuthConnectorId, SignInId, TenantId
from central_server.auth.tables import (
    EMAIL_CODES,
    LOGIN_TRANSACTIONS,
    DBEmailCode,
    DBLateAttempt,
    DBLoginTransaction,
    DBMailableCode,
    DBPendingCode,
    DBReturn,
    DBSharedCode,
)
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters

MOST_ATTEMPTS = 5
MOST_REFUSALS = 3
MOST_SHARED = 20

_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_OF_TENANT = bindparam("of_tenant", type_=RichIdColumn(TenantId))
_OF_ID = bindparam("of_id", type_=RichIdColumn(SignInId))
_BINDING = bindparam("binding", type_=LargeBinary)
_LINK = bindparam("link", type_=LargeBinary)
_EXPIRES = func.now() + seconds(bindparam("lifetime_seconds", type_=Integer))
_IS_LIVE_CODE = and_(
    EMAIL_CODES.c.used_at.is_(None),
    EMAIL_CODES.c.expires_at > func.now(),
    EMAIL_CODES.c.attempts < MOST_ATTEMPTS,
)

_ATTEMPT = (
    EMAIL_CODES.c.id,
    EMAIL_CODES.c.connector_id,
    EMAIL_CODES.c.email,
    EMAIL_CODES.c.code_mac,
    EMAIL_CODES.c.shared,
    EMAIL_CODES.c.expires_at,
)
INSERT_EMAIL_CODE = Query[DBEmailCode](
    insert(EMAIL_CODES)
    .values(
        parameters(
            "tenant_id",
            "id",
            "connector_id",
            "email",
            "code_mac",
            "token",
            "link_hash",
            "shared",
            "binding_hash",
            "address",
            "return_to",
        )
        | {"expires_at": _EXPIRES}
    )
    .returning(*_ATTEMPT)
)
_COUNT_ATTEMPT = (
    update(EMAIL_CODES)
    .where(EMAIL_CODES.c.tenant_id == _OF_TENANT, EMAIL_CODES.c.binding_hash == _BINDING, _IS_LIVE_CODE)
    .values(attempts=EMAIL_CODES.c.attempts + 1)
    .returning(*_ATTEMPT)
)
COUNT_ATTEMPT = Query[DBEmailCode](_COUNT_ATTEMPT.where(EMAIL_CODES.c.id == _OF_ID))
"""Counts a try before it is compared; gives nothing to another browser, too late, or once too often."""

COUNT_LINK_ATTEMPT = Query[DBEmailCode](_COUNT_ATTEMPT.where(EMAIL_CODES.c.link_hash == _LINK))
"""The same for a link, which is found by what it is compared with."""

_NOTE_REFUSAL = (
    update(EMAIL_CODES)
    .where(EMAIL_CODES.c.tenant_id == _OF_TENANT, EMAIL_CODES.c.refusals < MOST_REFUSALS)
    .values(refusals=EMAIL_CODES.c.refusals + 1)
    .returning(
        EMAIL_CODES.c.id,
        EMAIL_CODES.c.connector_id,
        (EMAIL_CODES.c.binding_hash == _BINDING).label("same_browser"),
        EMAIL_CODES.c.used_at.is_not(None).label("used"),
        (EMAIL_CODES.c.expires_at <= func.now()).label("expired"),
    )
)
NOTE_REFUSAL = Query[DBLateAttempt](_NOTE_REFUSAL.where(EMAIL_CODES.c.id == _OF_ID))
"""Says why a try was refused; nothing once enough of them were told of, since anybody can make more."""

NOTE_LINK_REFUSAL = Query[DBLateAttempt](_NOTE_REFUSAL.where(EMAIL_CODES.c.link_hash == _LINK))
_PENDING = select(
    EMAIL_CODES.c.id,
    EMAIL_CODES.c.email,
    EMAIL_CODES.c.return_to,
    EMAIL_CODES.c.shared,
    (EMAIL_CODES.c.binding_hash == _BINDING).label("same_browser"),
    _IS_LIVE_CODE.label("live"),
).where(EMAIL_CODES.c.tenant_id == _TENANT)
GET_PENDING_CODE = Query[DBPendingCode](
    _PENDING.where(
        EMAIL_CODES.c.id == bindparam("id", type_=RichIdColumn(SignInId)), EMAIL_CODES.c.binding_hash == _BINDING
    )
)
GET_PENDING_LINK = Query[DBPendingCode](_PENDING.where(EMAIL_CODES.c.link_hash == _LINK))

LIST_SHARED_CODES = Query[DBSharedCode](
    select(EMAIL_CODES.c.id, EMAIL_CODES.c.code_mac)
    .where(
        EMAIL_CODES.c.tenant_id == _TENANT,
        EMAIL_CODES.c.email_key == func.lower(bindparam("email", type_=Text)),
        EMAIL_CODES.c.shared,
        EMAIL_CODES.c.used_at.is_(None),
        EMAIL_CODES.c.expires_at > func.now(),
    )
    .order_by(EMAIL_CODES.c.created_at.desc())
    .limit(MOST_SHARED)
)
"""Finds the codes that are good for every sign-in of an address."""

CONSUME_EMAIL_CODES = Query[None](
    update(EMAIL_CODES)
    .where(
        EMAIL_CODES.c.tenant_id == _OF_TENANT,
        EMAIL_CODES.c.id == func.any(bindparam("of_ids", type_=ARRAY(Uuid))),
        EMAIL_CODES.c.used_at.is_(None),
        EMAIL_CODES.c.expires_at > func.now(),
    )
    .values(used_at=func.now(), token=null())
)
"""Uses up a sign-in and the code that it was finished with; whoever touches fewer rows than that has lost."""

GET_MAILABLE_CODE = Query[DBMailableCode](
    select(EMAIL_CODES.c.email, EMAIL_CODES.c.token, EMAIL_CODES.c.shared, EMAIL_CODES.c.connector_id).where(
        EMAIL_CODES.c.tenant_id == _TENANT,
        EMAIL_CODES.c.id == bindparam("id", type_=RichIdColumn(SignInId)),
        EMAIL_CODES.c.used_at.is_(None),
        EMAIL_CODES.c.expires_at > func.now(),
        EMAIL_CODES.c.token.is_not(None),
    )
)
FORGET_TOKEN = Query[None](
    update(EMAIL_CODES).where(EMAIL_CODES.c.tenant_id == _OF_TENANT, EMAIL_CODES.c.id == _OF_ID).values(token=null())
)

INSERT_LOGIN_TRANSACTION = Query[DBLoginTransaction](
    insert(LOGIN_TRANSACTIONS)
    .values(
        parameters(
            "tenant_id",
            "id",
            "connector_id",
            "issuer",
            "state_hash",
            "nonce",
            "verifier",
            "binding_hash",
            "return_to",
            "max_age",
            "test_id",
        )
        | {"expires_at": _EXPIRES}
    )
    .returning(LOGIN_TRANSACTIONS.c.id, LOGIN_TRANSACTIONS.c.expires_at)
)
CONSUME_LOGIN_TRANSACTION = Query[DBLoginTransaction](
    update(LOGIN_TRANSACTIONS)
    .where(
        LOGIN_TRANSACTIONS.c.tenant_id == _OF_TENANT,
        LOGIN_TRANSACTIONS.c.id == _OF_ID,
        LOGIN_TRANSACTIONS.c.connector_id == bindparam("of_connector", type_=RichIdColumn(AuthConnectorId)),
        LOGIN_TRANSACTIONS.c.state_hash == bindparam("state", type_=LargeBinary),
        LOGIN_TRANSACTIONS.c.binding_hash == _BINDING,
        LOGIN_TRANSACTIONS.c.used_at.is_(None),
        LOGIN_TRANSACTIONS.c.expires_at > func.now(),
    )
    .values(used_at=func.now())
    .returning(
        LOGIN_TRANSACTIONS.c.id,
        LOGIN_TRANSACTIONS.c.connector_id,
        LOGIN_TRANSACTIONS.c.issuer,
        LOGIN_TRANSACTIONS.c.nonce,
        LOGIN_TRANSACTIONS.c.verifier,
        LOGIN_TRANSACTIONS.c.return_to,
        LOGIN_TRANSACTIONS.c.max_age,
        LOGIN_TRANSACTIONS.c.test_id,
        LOGIN_TRANSACTIONS.c.created_at,
        LOGIN_TRANSACTIONS.c.expires_at,
    )
)
"""Uses a login transaction up, once, for the browser that began it.

State and binding are compared as SHA-256, so the timing of an unequal comparison says nothing of the values.
"""

GET_RETURN = Query[DBReturn](
    select(LOGIN_TRANSACTIONS.c.return_to).where(
        LOGIN_TRANSACTIONS.c.tenant_id == _TENANT,
        LOGIN_TRANSACTIONS.c.id == bindparam("id", type_=RichIdColumn(SignInId)),
        LOGIN_TRANSACTIONS.c.state_hash == bindparam("state", type_=LargeBinary),
        LOGIN_TRANSACTIONS.c.binding_hash == _BINDING,
    )
)
"""Finds where a sign-in of this browser was to return to, ended or not."""
