"""Who is in which units, with their addresses: for who reads or writes files of it."""

from sqlalchemy import ARRAY, DateTime, Text, any_, bindparam, column, func, or_, select, table

from central.kernel.ids import TenantId, UserId
from central_server.infra.db import Query, RichIdColumn
from central_server.units.queries.assignments import ASSIGNMENT_COLUMNS
from central_server.units.queries.columns import COLUMNS, SOME_UNITS, TENANT
from central_server.units.tables import UNIT_ASSIGNMENTS, UNITS, DBPlaced, DBUnit

_USERS = table(
    "users", column("tenant_id", RichIdColumn(TenantId)), column("id", RichIdColumn(UserId)), column("email", Text)
)
"""The addresses of people; their domain, below this one, owns the table."""

_a = UNIT_ASSIGNMENTS.c
_TIME = DateTime(timezone=True)
_until = bindparam("until", type_=_TIME)
LIST_PLACED = Query[DBPlaced](
    select(*ASSIGNMENT_COLUMNS, _a.single_holder, _USERS.c.email)
    .join(_USERS, _USERS.c.id == _a.user_id)
    .where(
        _a.tenant_id == TENANT,
        _USERS.c.tenant_id == TENANT,
        _a.unit_id == any_(SOME_UNITS),
        or_(_a.ends_at.is_(None), _a.ends_at > bindparam("since", type_=_TIME)),
        or_(_until.is_(None), _a.starts_at <= _until),
    )
    .order_by(_a.unit_id, _a.starts_at, _a.id)
)
"""Those to these units that hold at some time after `since`, and began by `until` if that is given."""

_ASKED = func.unnest(bindparam("codes", type_=ARRAY(Text))).table_valued("code_key", name="asked").render_derived()
FIND_BY_CODES = Query[DBUnit](
    select(*COLUMNS)
    .select_from(_ASKED)
    .join(UNITS, UNITS.c.code_key == _ASKED.c.code_key)
    .where(UNITS.c.tenant_id == TENANT)
)
"""Joined, as addresses are: the index finds each."""
