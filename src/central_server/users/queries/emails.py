from sqlalchemy import Integer, Text, and_, bindparam, case, func, insert, null, select, true, tuple_, update
from sqlalchemy import delete as delete_from

from central.kernel.ids import EmailVerificationId, UserEmailId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters
from central_server.users.queries.columns import OF_TENANT, OF_USER, TENANT, TENANTS, USER
from central_server.users.tables import (
    EMAIL_VERIFICATIONS,
    USER_EMAILS,
    USERS,
    DBEmailVerification,
    DBMailableVerification,
    DBRemovedEmail,
    DBUserEmail,
)

MOST_ATTEMPTS = 5

_IS_PRIMARY = (USER_EMAILS.c.email == USERS.c.email).label("primary")
_COLUMNS = (
    *(USER_EMAILS.c[name] for name in ("id", "user_id", "email", "verified", "created_at", "verified_at")),
    _IS_PRIMARY,
)
_JOINED = USER_EMAILS.join(
    USERS, and_(USERS.c.tenant_id == USER_EMAILS.c.tenant_id, USERS.c.id == USER_EMAILS.c.user_id)
)
_OF_USER = (USER_EMAILS.c.tenant_id == TENANT, USERS.c.tenant_id == TENANT, USER_EMAILS.c.user_id == USER)
_EMAIL_ID = bindparam("email_id", type_=RichIdColumn(UserEmailId))
_NEW_EMAIL = bindparam("new_email", type_=Text)
_IS_SAME_EMAIL = USER_EMAILS.c.email_key == func.lower(_NEW_EMAIL)
_IS_NAMED = USER_EMAILS.c.email_key == func.lower(bindparam("of_email", type_=Text))

_LIST = select(*_COLUMNS).select_from(_JOINED).where(*_OF_USER).order_by(USER_EMAILS.c.created_at, USER_EMAILS.c.id)
LIST_EMAILS = Query[DBUserEmail](_LIST.limit(bindparam("count", type_=Integer)))
LIST_EMAILS_AFTER = Query[DBUserEmail](
    _LIST.where(
        tuple_(USER_EMAILS.c.created_at, USER_EMAILS.c.id)
        > tuple_(
            bindparam("after_key", type_=USER_EMAILS.c.created_at.type),
            bindparam("after_id", type_=USER_EMAILS.c.id.type),
        )
    ).limit(bindparam("count", type_=Integer))
)
GET_EMAIL = Query[DBUserEmail](select(*_COLUMNS).select_from(_JOINED).where(*_OF_USER, USER_EMAILS.c.id == _EMAIL_ID))
INSERT_EMAIL = Query[None](insert(USER_EMAILS).values(parameters("tenant_id", "id", "user_id", "email", "verified")))
COUNT_EMAILS = Query[int](
    select(func.count().label("emails"))
    .where(USER_EMAILS.c.tenant_id == TENANT, USER_EMAILS.c.user_id == USER)
    .select_from(USER_EMAILS)
    .where(USER_EMAILS.c.tenant_id == TENANT, USER_EMAILS.c.user_id == USER)
)
DELETE_EMAIL = Query[DBRemovedEmail](
    delete_from(USER_EMAILS)
    .where(USER_EMAILS.c.tenant_id == TENANT, USER_EMAILS.c.user_id == USER, USER_EMAILS.c.id == _EMAIL_ID)
    .returning(USER_EMAILS.c.id, USER_EMAILS.c.user_id)
)
MAKE_PRIMARY = Query[None](
    update(USERS)
    .where(USERS.c.tenant_id == OF_TENANT, USERS.c.id == OF_USER)
    .values(
        email=_NEW_EMAIL,
        email_verified=bindparam("new_verified", type_=USERS.c.email_verified.type),
        version=USERS.c.version + 1,
        updated_at=func.now(),
    )
)
REPLACE_PRIMARY_EMAIL = Query[None](
    update(USER_EMAILS)
    .where(
        USER_EMAILS.c.tenant_id == OF_TENANT,
        USER_EMAILS.c.user_id == OF_USER,
        USER_EMAILS.c.email == bindparam("of_email", type_=Text),
    )
    .values(
        email=_NEW_EMAIL,
        verified=USER_EMAILS.c.verified & _IS_SAME_EMAIL,
        verified_at=case((_IS_SAME_EMAIL, USER_EMAILS.c.verified_at)),
    )
)
"""The foreign key carries the change on to `users`. Another address counts as not verified."""

MARK_EMAIL_VERIFIED = Query[DBRemovedEmail](
    update(USER_EMAILS)
    .where(USER_EMAILS.c.tenant_id == OF_TENANT, USER_EMAILS.c.user_id == OF_USER, _IS_NAMED, ~USER_EMAILS.c.verified)
    .values(verified=true(), verified_at=func.now())
    .returning(USER_EMAILS.c.id, USER_EMAILS.c.user_id)
)
DROP_UNPROVEN_CLAIM = Query[DBRemovedEmail](
    delete_from(USER_EMAILS)
    .where(
        USER_EMAILS.c.tenant_id == OF_TENANT,
        _IS_NAMED,
        ~USER_EMAILS.c.verified,
        ~select(USERS.c.id)
        .where(
            USERS.c.tenant_id == USER_EMAILS.c.tenant_id,
            USERS.c.id == USER_EMAILS.c.user_id,
            USERS.c.email == USER_EMAILS.c.email,
        )
        .exists(),
    )
    .returning(USER_EMAILS.c.id, USER_EMAILS.c.user_id)
)
"""A further address that somebody only says is theirs gives way to whoever proves it."""

LOCK_VERIFICATIONS = Query[None](
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("user_key", type_=Text), 0)).label("locked"))
)
COUNT_VERIFICATIONS = Query[int](
    select(func.count().label("in_hour"))
    .select_from(EMAIL_VERIFICATIONS)
    .where(
        EMAIL_VERIFICATIONS.c.tenant_id == TENANT,
        EMAIL_VERIFICATIONS.c.user_id == USER,
        EMAIL_VERIFICATIONS.c.created_at > func.now() - seconds(3600),
    )
)
_VERIFICATION_COLUMNS = tuple(
    EMAIL_VERIFICATIONS.c[name] for name in ("id", "user_id", "email_id", "code_mac", "expires_at")
)
INSERT_VERIFICATION = Query[DBEmailVerification](
    insert(EMAIL_VERIFICATIONS)
    .values(
        parameters("tenant_id", "id", "user_id", "email_id", "code_mac", "code")
        | {"expires_at": func.now() + seconds(bindparam("lifetime_seconds", type_=Integer))}
    )
    .returning(*_VERIFICATION_COLUMNS)
)
_IS_OPEN = (
    EMAIL_VERIFICATIONS.c.tenant_id == OF_TENANT,
    EMAIL_VERIFICATIONS.c.id == bindparam("of_id", type_=RichIdColumn(EmailVerificationId)),
    EMAIL_VERIFICATIONS.c.used_at.is_(None),
    EMAIL_VERIFICATIONS.c.expires_at > func.now(),
)
COUNT_ATTEMPT = Query[DBEmailVerification](
    update(EMAIL_VERIFICATIONS)
    .where(*_IS_OPEN, EMAIL_VERIFICATIONS.c.user_id == OF_USER, EMAIL_VERIFICATIONS.c.attempts < MOST_ATTEMPTS)
    .values(attempts=EMAIL_VERIFICATIONS.c.attempts + 1)
    .returning(*_VERIFICATION_COLUMNS)
)
"""Counts a try before it is compared; gives nothing to another user, too late, or once too often."""

CONSUME_VERIFICATION = Query[DBEmailVerification](
    update(EMAIL_VERIFICATIONS)
    .where(*_IS_OPEN)
    .values(used_at=func.now(), code=null())
    .returning(*_VERIFICATION_COLUMNS)
)
GET_MAILABLE_VERIFICATION = Query[DBMailableVerification](
    select(
        USER_EMAILS.c.email,
        EMAIL_VERIFICATIONS.c.code,
        TENANTS.c.name.label("tenant_name"),
        USERS.c.display_name.label("user_name"),
    )
    .select_from(EMAIL_VERIFICATIONS)
    .join(
        USER_EMAILS,
        and_(
            USER_EMAILS.c.tenant_id == EMAIL_VERIFICATIONS.c.tenant_id,
            USER_EMAILS.c.id == EMAIL_VERIFICATIONS.c.email_id,
        ),
    )
    .join(
        USERS,
        and_(
            USERS.c.tenant_id == EMAIL_VERIFICATIONS.c.tenant_id,
            USERS.c.id == EMAIL_VERIFICATIONS.c.user_id,
        ),
    )
    .join(TENANTS, TENANTS.c.id == EMAIL_VERIFICATIONS.c.tenant_id)
    .where(
        EMAIL_VERIFICATIONS.c.tenant_id == TENANT,
        USER_EMAILS.c.tenant_id == TENANT,
        USERS.c.tenant_id == TENANT,
        TENANTS.c.id == TENANT,
        EMAIL_VERIFICATIONS.c.id == bindparam("id", type_=RichIdColumn(EmailVerificationId)),
        EMAIL_VERIFICATIONS.c.used_at.is_(None),
        EMAIL_VERIFICATIONS.c.expires_at > func.now(),
        EMAIL_VERIFICATIONS.c.code.is_not(None),
    )
)
FORGET_CODE = Query[None](
    update(EMAIL_VERIFICATIONS)
    .where(
        EMAIL_VERIFICATIONS.c.tenant_id == OF_TENANT,
        EMAIL_VERIFICATIONS.c.id == bindparam("of_id", type_=RichIdColumn(EmailVerificationId)),
    )
    .values(code=null())
)
