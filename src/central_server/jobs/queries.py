from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Float,
    Integer,
    Text,
    and_,
    bindparam,
    column,
    func,
    insert,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from central.kernel.ids import JobId, TenantId, UserId
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.deleting import delete_batch
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters
from central_server.jobs.tables import (
    CHANNEL,
    JOB_CHUNKS,
    JOB_ROW_ERRORS,
    JOBS,
    DBChunkCount,
    DBChunkNumber,
    DBEndedJobCount,
    DBJob,
    DBJobChunk,
    DBJobCount,
    DBJobKey,
    DBRowError,
    DBRowNumber,
)

_COLUMNS = (
    *JOBS.c,
    and_(JOBS.c.file_object.is_not(None), JOBS.c.file_expires_at > func.now()).is_(true()).label("has_file"),
)
_TOLD = (*_COLUMNS, func.pg_notify(CHANNEL, JOBS.c.id.cast(Text)).label("told"))
"""What a change gives; whoever watches the job hears of it with the commit."""
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_OF_TENANT = bindparam("of_tenant", type_=RichIdColumn(TenantId))
_OF_ID = bindparam("of_id", type_=RichIdColumn(JobId))
_JOB = bindparam("job_id", type_=RichIdColumn(JobId))
_IS_ONE = and_(JOBS.c.tenant_id == _TENANT, JOBS.c.id == bindparam("id", type_=RichIdColumn(JobId)))
_IS_CHANGED_ONE = and_(JOBS.c.tenant_id == _OF_TENANT, JOBS.c.id == _OF_ID)
_CHANGED: dict[str, Any] = {"version": JOBS.c.version + 1, "updated_at": func.now()}
_COUNT = bindparam("count", type_=Integer)


def _new(*names: str) -> dict[str, Any]:
    return {name: bindparam(f"new_{name}", type_=JOBS.c[name].type) for name in names}


INSERT_JOB = Query[DBJob](
    insert(JOBS)
    .values(parameters("tenant_id", "id", "kind", "state", "options", "started_by", "request_id", "stage", "result"))
    .returning(*_COLUMNS)
)
GET_JOB = Query[DBJob](select(*_COLUMNS).where(_IS_ONE))
LOCK_JOB = Query[DBJob](select(*_COLUMNS).where(_IS_ONE).with_for_update(key_share=True))
"""Whoever works on a job, or cancels it, has this lock: so each batch happens once, and none after the end."""

ADVANCE_JOB = Query[DBJob](
    update(JOBS)
    .where(_IS_CHANGED_ONE)
    .values(_new("stage", "position", "done", "total", "message", "result") | _CHANGED)
    .returning(*_TOLD)
)
SET_STATE = Query[DBJob](
    update(JOBS).where(_IS_CHANGED_ONE).values(_new("state", "stage") | _CHANGED).returning(*_TOLD)
)
BEGIN_JOB = Query[DBJob](
    update(JOBS)
    .where(_IS_CHANGED_ONE)
    .values(_new("stage") | {"state": "running", "started_at": func.now(), "done": 0} | _CHANGED)
    .returning(*_TOLD)
)
END_JOB = Query[DBJob](
    update(JOBS)
    .where(_IS_CHANGED_ONE)
    .values(_new("state", "result", "error_code", "error_message") | {"ended_at": func.now()} | _CHANGED)
    .returning(*_TOLD)
)


_IS_KEPT_UNTIL = func.now() + seconds(bindparam("kept_seconds", type_=Integer))
RESERVE_FILE = Query[None](
    update(JOBS).where(_IS_CHANGED_ONE, JOBS.c.state == "running").values(file_expires_at=_IS_KEPT_UNTIL)
)
SET_FILE = Query[DBJob](
    update(JOBS)
    .where(_IS_CHANGED_ONE)
    .values(
        _new("file_object", "file_name", "file_content_type", "file_size", "file_sha256")
        | {"file_expires_at": _IS_KEPT_UNTIL}
    )
    .returning(*_TOLD)
)
_HAS_OBJECTS_THAT_GO = and_(
    JOBS.c.file_expires_at.is_not(None),
    JOBS.c.ended_at.is_not(None),
    or_(JOBS.c.file_object.is_(None), JOBS.c.file_expires_at < func.now()),
)
LIST_EXPIRED_FILES = Query[DBJobKey](
    select(JOBS.c.tenant_id, JOBS.c.id)
    .where(_HAS_OBJECTS_THAT_GO)
    .order_by(JOBS.c.file_expires_at)
    .limit(bindparam("count", type_=Integer))
)
FORGET_FILE = Query[None](
    update(JOBS)
    .where(_IS_CHANGED_ONE, _HAS_OBJECTS_THAT_GO)
    .values(
        file_object=None, file_name=None, file_content_type=None, file_size=None, file_sha256=None, file_expires_at=None
    )
)
DELETE_ENDED_JOBS = Query[None](
    delete_batch(JOBS, lambda ended: ended.c.ended_at, lambda ended: ended.c.file_expires_at.is_(None))
)
DELETE_UNRUN_JOBS = Query[None](
    delete_batch(JOBS, lambda unrun: unrun.c.updated_at, lambda unrun: unrun.c.state == "receiving")
)
COUNT_JOBS = Query[DBJobCount](
    select(
        JOBS.c.kind,
        JOBS.c.state,
        func.count().label("count"),
        func.extract("epoch", func.now() - func.min(JOBS.c.updated_at)).cast(Float).label("rests"),
    )
    .where(JOBS.c.ended_at.is_(None))
    .group_by(JOBS.c.kind, JOBS.c.state)
)
"""Counts the jobs of all tenants that have not ended. Those that have are kept for long, and many more."""

COUNT_ENDED_JOBS = Query[DBEndedJobCount](
    select(JOBS.c.kind, JOBS.c.state, func.count().label("count"))
    .where(JOBS.c.ended_at > func.now() - seconds(bindparam("within_seconds", type_=Integer)))
    .group_by(JOBS.c.kind, JOBS.c.state)
)
"""Counts the jobs of all tenants that have ended within some time."""


class JobFilters(NamedTuple):
    """Which conditions a list has; each choice is one statement, compiled once."""

    kind: bool = False
    state: bool = False
    started_by: bool = False


@cache
def list_jobs(filters: JobFilters, *, goes_on: bool) -> Query[DBJob]:
    """Give the statement of a list, newest first: keyset on the time and the id."""
    listed = select(*_COLUMNS).where(JOBS.c.tenant_id == _TENANT)
    if filters.kind:
        listed = listed.where(JOBS.c.kind == bindparam("kind", type_=Text))
    if filters.state:
        listed = listed.where(JOBS.c.state == bindparam("state", type_=Text))
    if filters.started_by:
        listed = listed.where(JOBS.c.started_by == bindparam("started_by", type_=RichIdColumn(UserId)))
    if goes_on:
        after = (bindparam("after_key", type_=JOBS.c.created_at.type), bindparam("after_id", type_=RichIdColumn(JobId)))
        listed = listed.where(tuple_(JOBS.c.created_at, JOBS.c.id) < tuple_(*after))
    return Query(listed.order_by(JOBS.c.created_at.desc(), JOBS.c.id.desc()).limit(_COUNT))


_CHUNK = upsert(JOB_CHUNKS).values(parameters("tenant_id", "job_id", "number", "row_count", "rows"))
PUT_CHUNK = Query[DBChunkNumber](
    _CHUNK.on_conflict_do_update(
        index_elements=["tenant_id", "job_id", "number"],
        set_={"row_count": _CHUNK.excluded.row_count},
        where=JOB_CHUNKS.c.rows == _CHUNK.excluded.rows,
    ).returning(JOB_CHUNKS.c.number)
)
"""Gives the number for a chunk that is new or the same as before, and nothing for another one of that number."""

_OF_JOB = and_(JOB_CHUNKS.c.tenant_id == _TENANT, JOB_CHUNKS.c.job_id == _JOB)
COUNT_CHUNKS = Query[DBChunkCount](
    select(
        func.count().label("chunks"),
        func.max(JOB_CHUNKS.c.number).label("last"),
        func.coalesce(func.sum(JOB_CHUNKS.c.row_count), 0).cast(Integer).label("row_count"),
    ).where(_OF_JOB)
)
COUNT_ROWS_BEFORE = Query[int](
    select(func.coalesce(func.sum(JOB_CHUNKS.c.row_count), 0).cast(Integer).label("row_count")).where(
        _OF_JOB, JOB_CHUNKS.c.number < bindparam("number", type_=Integer)
    )
)
GET_CHUNK = Query[DBJobChunk](
    select(JOB_CHUNKS.c.number, JOB_CHUNKS.c.rows).where(
        _OF_JOB, JOB_CHUNKS.c.number == bindparam("number", type_=Integer)
    )
)
_some = select(JOB_CHUNKS.c.number).where(_OF_JOB).limit(_COUNT).cte("some")
DELETE_CHUNKS = Query[None](delete_from(JOB_CHUNKS).where(_OF_JOB, JOB_CHUNKS.c.number == _some.c.number))

_ERRORS_OF_JOB = and_(JOB_ROW_ERRORS.c.tenant_id == _TENANT, JOB_ROW_ERRORS.c.job_id == _JOB)
_ERROR_KEY = (JOB_ROW_ERRORS.c.row_number, JOB_ROW_ERRORS.c.place)
_ERROR_COLUMNS = (*_ERROR_KEY, JOB_ROW_ERRORS.c.field, JOB_ROW_ERRORS.c.code, JOB_ROW_ERRORS.c.message)
LIST_ROW_ERRORS = Query[DBRowError](
    select(*_ERROR_COLUMNS)
    .where(
        _ERRORS_OF_JOB,
        tuple_(*_ERROR_KEY) > tuple_(bindparam("after_row", type_=Integer), bindparam("after_place", type_=Integer)),
    )
    .order_by(*_ERROR_KEY)
    .limit(_COUNT)
)
LIST_ROWS_WITH_ERRORS = Query[DBRowNumber](
    select(JOB_ROW_ERRORS.c.row_number)
    .distinct()
    .where(
        _ERRORS_OF_JOB,
        JOB_ROW_ERRORS.c.row_number.between(bindparam("first", type_=Integer), bindparam("last", type_=Integer)),
    )
)
_FOUND = (
    func.jsonb_to_recordset(bindparam("errors", type_=JSONB))
    .table_valued(
        column("row_number", Integer),
        column("place", Integer),
        *(column(n, Text) for n in ("field", "code", "message")),
    )
    .render_derived(name="found", with_types=True)
)
ADD_ROW_ERRORS = Query[None](
    upsert(JOB_ROW_ERRORS)
    .from_select(
        ["tenant_id", "job_id", "row_number", "place", "field", "code", "message"],
        select(_TENANT, _JOB, *_FOUND.c),
    )
    .on_conflict_do_nothing()
)
DELETE_ROW_ERRORS = Query[None](delete_from(JOB_ROW_ERRORS).where(_ERRORS_OF_JOB))
