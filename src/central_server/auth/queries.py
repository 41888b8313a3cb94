from sqlalchemy import ARRAY, Integer, LargeBinary, Text, Uuid, and_, bindparam, func, insert, null, select, update

from central.kernel.ids import AuthConnectorId, SignInId, TenantId, UserId
from central_server.auth.tables import (
    EMAIL_CODES,
    IDENTITIES,
    LOGIN_TRANSACTIONS,
    DBEmailCode,
    DBIdentity,
    DBLoginTransaction,
    DBMailableCode,
    DBSharedCode,
)
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters

MOST_ATTEMPTS = 5
MOST_SHARED = 20

_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_OF_TENANT = bindparam("of_tenant", type_=RichIdColumn(TenantId))
_OF_ID = bindparam("of_id", type_=RichIdColumn(SignInId))
_BINDING = bindparam("binding", type_=LargeBinary)
_EXPIRES = func.now() + seconds(bindparam("lifetime_seconds", type_=Integer))

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
        parameters("tenant_id", "id", "connector_id", "email", "code_mac", "code", "shared", "binding_hash", "address")
        | {"expires_at": _EXPIRES}
    )
    .returning(*_ATTEMPT)
)
COUNT_ATTEMPT = Query[DBEmailCode](
    update(EMAIL_CODES)
    .where(
        EMAIL_CODES.c.tenant_id == _OF_TENANT,
        EMAIL_CODES.c.id == _OF_ID,
        EMAIL_CODES.c.binding_hash == _BINDING,
        EMAIL_CODES.c.used_at.is_(None),
        EMAIL_CODES.c.expires_at > func.now(),
        EMAIL_CODES.c.attempts < MOST_ATTEMPTS,
    )
    .values(attempts=EMAIL_CODES.c.attempts + 1)
    .returning(*_ATTEMPT)
)
"""Counts a try before it is compared; gives nothing to another browser, too late, or once too often."""

LIST_SHARED_CODES = Query[DBSharedCode](
    select(EMAIL_CODES.c.id, EMAIL_CODES.c.code_mac)
    .where(
        EMAIL_CODES.c.tenant_id == _TENANT,
        func.lower(EMAIL_CODES.c.email) == func.lower(bindparam("email", type_=Text)),
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
    .values(used_at=func.now(), code=null())
)
"""Uses up a sign-in and the code that it was finished with; whoever touches fewer rows than that has lost."""

GET_MAILABLE_CODE = Query[DBMailableCode](
    select(EMAIL_CODES.c.email, EMAIL_CODES.c.code, EMAIL_CODES.c.connector_id).where(
        EMAIL_CODES.c.tenant_id == _TENANT,
        EMAIL_CODES.c.id == bindparam("id", type_=RichIdColumn(SignInId)),
        EMAIL_CODES.c.used_at.is_(None),
        EMAIL_CODES.c.expires_at > func.now(),
        EMAIL_CODES.c.code.is_not(None),
    )
)
FORGET_CODE = Query[None](
    update(EMAIL_CODES).where(EMAIL_CODES.c.tenant_id == _OF_TENANT, EMAIL_CODES.c.id == _OF_ID).values(code=null())
)

INSERT_LOGIN_TRANSACTION = Query[DBLoginTransaction](
    insert(LOGIN_TRANSACTIONS)
    .values(
        parameters(
            "tenant_id", "id", "connector_id", "issuer", "state_hash", "nonce", "verifier", "binding_hash", "return_to"
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
        LOGIN_TRANSACTIONS.c.expires_at,
    )
)
"""Uses a login transaction up, once, for the browser that began it.

State and binding are compared as SHA-256, so the timing of an unequal comparison says nothing of the values.
"""

GET_IDENTITY = Query[DBIdentity](
    select(*IDENTITIES.c).where(
        IDENTITIES.c.tenant_id == _TENANT,
        IDENTITIES.c.connector_id == bindparam("connector_id", type_=RichIdColumn(AuthConnectorId)),
        IDENTITIES.c.issuer == bindparam("issuer"),
        IDENTITIES.c.subject == bindparam("subject"),
    )
)
GET_IDENTITY_OF_USER = Query[DBIdentity](
    select(*IDENTITIES.c).where(
        and_(
            IDENTITIES.c.tenant_id == _TENANT,
            IDENTITIES.c.connector_id == bindparam("connector_id", type_=RichIdColumn(AuthConnectorId)),
            IDENTITIES.c.user_id == bindparam("user_id", type_=RichIdColumn(UserId)),
        )
    )
)
INSERT_IDENTITY = Query[None](
    insert(IDENTITIES).values(parameters("tenant_id", "id", "user_id", "connector_id", "issuer", "subject"))
)
