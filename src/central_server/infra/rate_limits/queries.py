from sqlalchemy import ARRAY, BigInteger, Boolean, Integer, LargeBinary, bindparam, column, func, select

from central_server.infra.db import Query
from central_server.infra.rate_limits.tables import DBCharged, DBDrawn

_KEYS = bindparam("keys", type_=ARRAY(LargeBinary))
_MICROSECONDS = ARRAY(BigInteger)

TAKE_TOKENS = Query[DBDrawn](
    select(
        func.central.take_tokens(
            _KEYS,
            bindparam("intervals", type_=_MICROSECONDS),
            bindparam("spans", type_=_MICROSECONDS),
            bindparam("needed", type_=ARRAY(Integer)),
            bindparam("wanted", type_=ARRAY(Integer)),
        ).table_valued(
            column("enough", Boolean),
            column("granted", Integer),
            column("remaining", Integer),
            column("debt", BigInteger),
        )
    )
)
"""Takes tokens of several buckets, all that are needed or none; gives a row for each, in the order asked."""

CHARGE_BUCKETS = Query[DBCharged](
    select(
        func.central.charge_buckets(_KEYS, bindparam("costs", type_=_MICROSECONDS)).table_valued(
            column("key", LargeBinary), column("debt", BigInteger)
        )
    )
)
"""Adds to the debts of buckets, come what may; a negative cost gives back."""

DROP_FULL_BUCKETS = Query[int](
    select(func.central.drop_full_buckets(bindparam("most", type_=Integer)).label("dropped"))
)
