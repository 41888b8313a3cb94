from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    LargeBinary,
    Text,
    and_,
    bindparam,
    case,
    func,
    insert,
    null,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)

from central.kernel.ids import InvitationId, TenantId, UserId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters
from central_server.invitations.tables import (
    INVITATIONS,
    DBBegunInvitation,
    DBDueInvitation,
    DBExpiredInvitation,
    DBInvitation,
    DBInvitationId,
    DBMailableInvitation,
    DBOpenInvitation,
    DBRequestedMails,
    DBSealedToken,
    DBStoredInvitation,
)

_c = INVITATIONS.c
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_ID = bindparam("id", type_=RichIdColumn(InvitationId))
_OF_TENANT = bindparam("of_tenant", type_=RichIdColumn(TenantId))
_OF_ID = bindparam("of_id", type_=RichIdColumn(InvitationId))
_EMAIL = bindparam("email", type_=Text)
_BINDING = bindparam("binding", type_=LargeBinary)
_BY = bindparam("by", type_=RichIdColumn(UserId))
_IS_ONE = and_(_c.tenant_id == _TENANT, _c.id == _ID)
_IS_CHANGED_ONE = and_(_c.tenant_id == _OF_TENANT, _c.id == _OF_ID)
_IS_OF_ADDRESS = and_(_c.tenant_id == _TENANT, _c.email_key == func.lower(_EMAIL))
_HAS_RUN_OUT = and_(_c.state == "pending", _c.expires_at <= func.now())
_IS_OPEN = and_(_c.state == "pending", _c.expires_at > func.now())
_EXPIRES = func.now() + seconds(bindparam("lifetime_seconds", type_=Integer))
_state = case((_HAS_RUN_OUT, "expired"), else_=_c.state).label("state")
"""As of now: nothing need happen for an invitation to run out."""

_SHOWN = (
    "id",
    "email",
    "roles",
    "message",
    "delivery",
    "created_by",
    "invited_by",
    "created_at",
    "updated_at",
    "expires_at",
    "accepted_at",
    "accepted_by",
    "revoked_at",
    "revoked_by",
    "sent_count",
    "last_sent_at",
    "version",
)
_COLUMNS = (*(_c[name] for name in _SHOWN), _state)
_OPEN_NAMES = ("id", "email", "roles", "message", "delivery", "token_hash", "invited_by", "accepted_by", "expires_at")
_OPEN_COLUMNS = (*(_c[name] for name in _OPEN_NAMES), _state)

LOCK_ADDRESS = Query[None](
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("address_key", type_=Text), 0)).label("locked"))
)
"""Lets one at a time invite an address, so that the second finds what the first has made."""

EXPIRE_OF_ADDRESS = Query[DBExpiredInvitation](
    update(INVITATIONS)
    .where(
        _c.tenant_id == _OF_TENANT,
        _c.email_key == func.lower(bindparam("of_email", type_=Text)),
        _HAS_RUN_OUT,
    )
    .values(state="expired", token=null(), binding_hash=null(), updated_at=func.now(), version=_c.version + 1)
    .returning(_c.id, _c.expiry_told_at)
)
# As text: PostgreSQL uses a partial index only for what it can see.
_IS_UNTOLD = text("invitations.state = 'pending' AND invitations.expiry_told_at IS NULL")
LIST_RUN_OUT = Query[DBDueInvitation](
    select(_c.tenant_id, _c.id)
    .where(_IS_UNTOLD, _c.expires_at <= func.now())
    .order_by(_c.expires_at)
    .limit(bindparam("count"))
)
NOTE_EXPIRY_TOLD = Query[DBInvitationId](
    update(INVITATIONS)
    .where(_IS_CHANGED_ONE, _IS_UNTOLD, _c.expires_at <= func.now())
    .values(expiry_told_at=func.now(), token=null())
    .returning(_c.id)
)
"""Whoever comes second, or after it was sent again, gets nothing, and tells nothing."""

_STORED = select(
    *_COLUMNS,
    _c.state.label("stored_state"),
    and_(
        _c.delivery == "mail",
        func.coalesce(_c.last_requested_at > func.now() - seconds(60), text("false")),
    ).label("mail_recent"),
)
LOCK_INVITATION = Query[DBStoredInvitation](_STORED.where(_IS_ONE).with_for_update())
LOCK_PENDING = Query[DBStoredInvitation](_STORED.where(_IS_OF_ADDRESS, _c.state == "pending").with_for_update())
COUNT_REQUESTED = Query[DBRequestedMails](
    select(func.coalesce(func.sum(_c.requested_count), 0).cast(Integer).label("requested")).where(
        _IS_OF_ADDRESS, _c.last_requested_at > func.now() - seconds(86_400)
    )
)

INSERT_INVITATION = Query[DBInvitation](
    insert(INVITATIONS)
    .values(
        parameters("tenant_id", "id", "email", "roles", "message", "delivery", "token_hash", "token")
        | {"created_by": _BY, "invited_by": _BY, "expires_at": _EXPIRES}
    )
    .returning(*_COLUMNS)
)
UPDATE_INVITATION = Query[DBInvitation](
    update(INVITATIONS)
    .where(_IS_CHANGED_ONE, _c.state == "pending")
    .values(
        roles=bindparam("new_roles", type_=ARRAY(Text)),
        message=bindparam("new_message", type_=Text),
        invited_by=_BY,
        expires_at=_EXPIRES,
        expiry_told_at=null(),
        updated_at=func.now(),
        version=_c.version + 1,
    )
    .returning(*_COLUMNS)
)
REPLACE_TOKEN = Query[None](
    update(INVITATIONS)
    .where(_IS_CHANGED_ONE, _c.state == "pending")
    .values(
        delivery=bindparam("new_delivery", type_=Text),
        token_hash=bindparam("new_hash", type_=LargeBinary),
        token=bindparam("new_token", type_=LargeBinary),
        binding_hash=null(),
        begun_at=null(),
    )
)
"""The link of before ends, and so does an acceptance that was begun with it."""

NOTE_REQUESTED = Query[None](
    update(INVITATIONS)
    .where(_IS_CHANGED_ONE)
    .values(requested_count=_c.requested_count + 1, last_requested_at=func.now())
)
REVOKE_INVITATION = Query[DBInvitation](
    update(INVITATIONS)
    .where(_IS_CHANGED_ONE, _c.state == "pending")
    .values(
        state="revoked",
        revoked_at=func.now(),
        revoked_by=_BY,
        token=null(),
        binding_hash=null(),
        updated_at=func.now(),
        version=_c.version + 1,
    )
    .returning(*_COLUMNS)
)

GET_INVITATION = Query[DBInvitation](select(*_COLUMNS).where(_IS_ONE))
FIND_BY_TOKEN = Query[DBOpenInvitation](
    select(*_OPEN_COLUMNS).where(_c.tenant_id == _TENANT, _c.token_hash == bindparam("hash", type_=LargeBinary))
)
BEGIN_ACCEPTANCE = Query[DBInvitationId](
    update(INVITATIONS)
    .where(_IS_CHANGED_ONE, _c.token_hash == bindparam("hash", type_=LargeBinary), _IS_OPEN)
    .values(binding_hash=_BINDING, begun_at=func.now())
    .returning(_c.id)
)
_FRESH = bindparam("authenticated_at", type_=DateTime(timezone=True)) > func.now() - seconds(600)
FIND_BEGUN = Query[DBBegunInvitation](
    select(*_OPEN_COLUMNS, func.coalesce(_FRESH, true()).label("fresh"))
    .where(
        _c.tenant_id == _TENANT,
        _c.binding_hash == _BINDING,
        _c.begun_at > func.now() - seconds(bindparam("window_seconds", type_=Integer)),
        _IS_OPEN,
    )
    .order_by(_c.id)
)
USE_INVITATION = Query[DBOpenInvitation](
    update(INVITATIONS)
    .where(_IS_CHANGED_ONE, _c.token_hash == bindparam("hash", type_=LargeBinary), _IS_OPEN)
    .values(
        state="accepted",
        accepted_at=func.now(),
        token=null(),
        binding_hash=null(),
        updated_at=func.now(),
        version=_c.version + 1,
    )
    .returning(*_OPEN_COLUMNS)
)
"""Uses an invitation up, once: whoever comes second waits for the first, and finds it accepted."""

NOTE_ACCEPTED_BY = Query[None](
    update(INVITATIONS)
    .where(_IS_CHANGED_ONE, _c.state == "accepted")
    .values(accepted_by=bindparam("user", type_=RichIdColumn(UserId)))
)

GET_MAILABLE = Query[DBMailableInvitation](
    select(_c.email, _c.message, _c.token_hash, _c.token, _c.invited_by, _c.expires_at).where(
        _IS_ONE, _IS_OPEN, _c.token.is_not(None)
    )
)
_FORGET = (
    update(INVITATIONS)
    .where(_IS_CHANGED_ONE, _c.token_hash == bindparam("hash", type_=LargeBinary), _c.token.is_not(None))
    .returning(_c.id)
)
FORGET_SENT_TOKEN = Query[DBInvitationId](
    _FORGET.values(token=null(), sent_count=_c.sent_count + 1, last_sent_at=func.now())
)
"""A token that was replaced meanwhile stays, and has a mail of its own."""

FORGET_TOKEN = Query[DBInvitationId](_FORGET.values(token=null()))

LIST_SEALED_TOKENS = Query[DBSealedToken](
    select(_c.tenant_id, _c.id, _c.token)
    .where(
        _c.token.is_not(None),
        func.substring(_c.token, 1, func.length(bindparam("prefix", type_=LargeBinary)))
        != bindparam("prefix", type_=LargeBinary),
    )
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
REPLACE_SEALED_TOKEN = Query[None](
    update(INVITATIONS).where(_IS_CHANGED_ONE).values(token=bindparam("new_token", type_=LargeBinary))
)


class InvitationListShape(NamedTuple):
    """Which conditions a list has; each shape is one statement, compiled once."""

    by_state: bool
    by_text: bool
    goes_on: bool


@cache
def list_invitations(shape: InvitationListShape) -> Query[DBInvitation]:
    """Give the statement of a list, newest first: keyset on the time of creation and the id."""
    conditions: list[ColumnElement[bool]] = [_c.tenant_id == _TENANT]
    if shape.by_state:
        asked = bindparam("state", type_=Text)
        # Written so that the stored state is compared where that decides.
        conditions.append(or_(and_(_c.state == asked, ~_HAS_RUN_OUT), and_(asked == "expired", _HAS_RUN_OUT)))
    if shape.by_text:
        conditions.append(_c.email.ilike(bindparam("pattern", type_=Text)))
    if shape.goes_on:
        there = tuple_(
            bindparam("after_key", type_=DateTime(timezone=True)),
            bindparam("after_id", type_=RichIdColumn(InvitationId)),
        )
        conditions.append(tuple_(_c.created_at, _c.id) < there)
    order = (_c.created_at.desc(), _c.id.desc())
    return Query(select(*_COLUMNS).where(and_(true(), *conditions)).order_by(*order).limit(bindparam("count")))
