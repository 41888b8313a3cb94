from sqlalchemy import Integer, LargeBinary, Text, and_, bindparam, delete, func, insert, select, update

from central.kernel.ids import SignInId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters
from central_server.sign_in_pages.tables import ADDRESS_SIGN_INS, DBAddressSignIn

MOST_ATTEMPTS = 5
_C = ADDRESS_SIGN_INS.c
_IS_LIVE = and_(_C.expires_at > func.now(), _C.attempts < MOST_ATTEMPTS)

INSERT = Query[None](
    insert(ADDRESS_SIGN_INS).values(
        parameters("id", "email", "binding_hash", "shared", "return_to")
        | {"expires_at": func.now() + seconds(bindparam("lifetime_seconds", type_=Integer))}
    )
)
FIND_SHARED = Query[DBAddressSignIn](
    select(_C.id)
    .where(func.lower(_C.email) == func.lower(bindparam("email", type_=Text)), _C.shared, _C.expires_at > func.now())
    .limit(1)
)
"""Finds whether an address that leads nowhere would have been mailed a code that is good for all of its sign-ins."""

_OLD = select(_C.id).where(_C.created_at < func.now() - seconds(3600)).limit(20).with_for_update(skip_locked=True)
FORGET = Query[None](delete(ADDRESS_SIGN_INS).where(_C.id.in_(_OLD)))
"""Deletes a few of those that count no more; run with every insert, so that addresses of strangers do not stay."""

GET = Query[DBAddressSignIn](
    select(_C.id, _C.email, _C.return_to, _IS_LIVE.label("live")).where(
        _C.id == bindparam("id", type_=RichIdColumn(SignInId)),
        _C.binding_hash == bindparam("binding", type_=LargeBinary),
    )
)
COUNT_ATTEMPT = Query[DBAddressSignIn](
    update(ADDRESS_SIGN_INS)
    .where(
        _C.id == bindparam("of_id", type_=RichIdColumn(SignInId)),
        _C.binding_hash == bindparam("binding", type_=LargeBinary),
        _IS_LIVE,
    )
    .values(attempts=_C.attempts + 1)
    .returning(_C.id, _C.email, _C.return_to)
)
