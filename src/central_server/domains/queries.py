from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    DateTime,
    Integer,
    Text,
    and_,
    bindparam,
    column,
    false,
    func,
    insert,
    null,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy import delete as delete_from
from sqlalchemy.sql.dml import ReturningUpdate

from central.domains.models import DomainState
from central.kernel.ids import AuthConnectorId, DomainId, TenantId
from central_server.domains.tables import (
    COUNTS,
    DOMAINS,
    DBDomain,
    DBDomainId,
    DBDueDomain,
    DBHolder,
    DBLockedDomain,
    DBQuestion,
)
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters

_COLUMNS = tuple(DOMAINS.c)
_COUNTS = text(COUNTS)
_IS_CLAIM = text(f"NOT ({COUNTS})")
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_ID = bindparam("id", type_=RichIdColumn(DomainId))
_IS_ONE = and_(DOMAINS.c.tenant_id == _TENANT, DOMAINS.c.id == _ID)
_IS_CHANGED_ONE = and_(
    DOMAINS.c.tenant_id == bindparam("of_tenant", type_=RichIdColumn(TenantId)),
    DOMAINS.c.id == bindparam("of_id", type_=RichIdColumn(DomainId)),
)
_CHANGED = {"version": DOMAINS.c.version + 1, "updated_at": func.now()}

INSERT_DOMAIN = Query[DBDomain](
    insert(DOMAINS)
    .values(parameters("tenant_id", "id", "name", "token", "include_subdomains", "connector_id"))
    .returning(*_COLUMNS)
)
LOCK_CLAIMS = Query[None](
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("claims_key", type_=Text), 0)).label("locked"))
)
"""Lets one at a time decide whether a tenant has room for one more claim."""

COUNT_CLAIMS = Query[int](
    select(func.count().label("claims")).select_from(DOMAINS).where(DOMAINS.c.tenant_id == _TENANT, _IS_CLAIM)
)
"""Under READ COMMITTED, this sees what whoever had `LOCK_CLAIMS` before has committed."""

GET_DOMAIN = Query[DBDomain](select(*_COLUMNS).where(_IS_ONE))
_LIST = select(*_COLUMNS).where(DOMAINS.c.tenant_id == _TENANT).order_by(DOMAINS.c.created_at, DOMAINS.c.id)
LIST_DOMAINS = Query[DBDomain](_LIST.limit(bindparam("count")))
LIST_DOMAINS_AFTER = Query[DBDomain](
    _LIST.where(
        tuple_(DOMAINS.c.created_at, DOMAINS.c.id)
        > tuple_(
            bindparam("after_key", type_=DOMAINS.c.created_at.type), bindparam("after_id", type_=RichIdColumn(DomainId))
        )
    ).limit(bindparam("count"))
)
LOCK_DOMAIN = Query[DBLockedDomain](
    select(
        *_COLUMNS,
        func.coalesce(
            DOMAINS.c.failing_since + seconds(bindparam("grace_seconds", type_=Integer)) <= func.now(), false()
        ).label("grace_is_over"),
    )
    .where(_IS_ONE)
    .with_for_update(key_share=True)
)
UPDATE_DOMAIN = Query[DBDomain](
    update(DOMAINS)
    .where(_IS_CHANGED_ONE)
    .values(
        include_subdomains=bindparam("new_include_subdomains", type_=Boolean),
        connector_id=bindparam("new_connector_id", type_=RichIdColumn(AuthConnectorId)),
        **_CHANGED,
    )
    .returning(*_COLUMNS)
)
DELETE_DOMAIN = Query[None](delete_from(DOMAINS).where(_IS_ONE))

ASK = Query[DBQuestion](select(DOMAINS.c.name, DOMAINS.c.token, func.now().label("asked_at")).where(_IS_ONE))
"""What to look for, and the time to judge the answer by: a later question has the last word."""


def _checked(**changes: Any) -> ReturningUpdate[Any]:
    """Keep what a look-up found, and what changed by it."""
    return (
        update(DOMAINS)
        .where(_IS_CHANGED_ONE)
        .values(
            checked_at=bindparam("asked_at", type_=DateTime(timezone=True)),
            next_check_at=func.now() + seconds(bindparam("next_seconds", type_=Integer)),
            check_outcome=bindparam("outcome", type_=Text),
            check_found=bindparam("found", type_=ARRAY(Text)),
            **changes,
        )
        .returning(*_COLUMNS)
    )


KEEP_STATE = Query[DBDomain](_checked())
BECOME: dict[DomainState, Query[DBDomain]] = {
    "verified": Query(
        _checked(
            state="verified",
            verified_at=func.coalesce(DOMAINS.c.verified_at, func.now()),
            failing_since=null(),
            **_CHANGED,
        )
    ),
    "failing": Query(_checked(state="failing", failing_since=func.now(), **_CHANGED)),
    "lapsed": Query(_checked(state="lapsed", verified_at=null(), failing_since=null(), **_CHANGED)),
}

HOLD_DOMAIN = Query[DBDomainId](
    select(DOMAINS.c.id)
    .where(_IS_ONE, _COUNTS, (DOMAINS.c.name == bindparam("name", type_=Text)) | DOMAINS.c.include_subdomains)
    .with_for_update(read=True)
)
"""Keeps a domain verified, and counting for a name, until the transaction ends."""

_HOLDER = func.central.find_domain_holder(bindparam("names", type_=ARRAY(Text))).table_valued(
    column("tenant_id", RichIdColumn(TenantId)),
    column("tenant_slug", Text),
    column("tenant_state", Text),
    column("domain_id", RichIdColumn(DomainId)),
    column("connector_id", RichIdColumn(AuthConnectorId)),
    name="holder",
)
FIND_HOLDER = Query[DBHolder](select(_HOLDER))
"""Finds who has verified the nearest of a name and those above it, whichever tenant's it is."""

_DUE = (
    select(DOMAINS.c.tenant_id, DOMAINS.c.id, DOMAINS.c.next_check_at)
    .where(_COUNTS, DOMAINS.c.next_check_at <= func.now())
    .order_by(DOMAINS.c.next_check_at, DOMAINS.c.id)
)
LIST_DUE = Query[DBDueDomain](_DUE.limit(bindparam("count")))
LIST_DUE_AFTER = Query[DBDueDomain](
    _DUE.where(
        tuple_(DOMAINS.c.next_check_at, DOMAINS.c.id)
        > tuple_(
            bindparam("after_time", type_=DOMAINS.c.next_check_at.type),
            bindparam("after_id", type_=RichIdColumn(DomainId)),
        )
    ).limit(bindparam("count"))
)
