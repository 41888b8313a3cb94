from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, Text, and_, bindparam, delete, func, insert, or_, select, true, tuple_, update

from central.kernel.ids import ImageId, JobId, TenantId, UserId
from central_server.images.tables import IMAGES, DBImage, DBImageCount, DBImageKey
from central_server.infra.db import Query, RichIdColumn
from central_server.infra.db.intervals import seconds
from central_server.infra.db.parameters import parameters

_COLUMNS = (*IMAGES.c, (IMAGES.c.staged_until > func.now()).is_(true()).label("upload_open"))
_TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_ID = bindparam("id", type_=RichIdColumn(ImageId))
_IS_ONE = and_(IMAGES.c.tenant_id == _TENANT, IMAGES.c.id == _ID)
_IS_CHANGED_ONE = and_(
    IMAGES.c.tenant_id == bindparam("of_tenant", type_=RichIdColumn(TenantId)),
    IMAGES.c.id == bindparam("of_id", type_=RichIdColumn(ImageId)),
)
_IS_OF_JOB = and_(
    IMAGES.c.tenant_id == _TENANT,
    IMAGES.c.job_id == bindparam("job_id", type_=RichIdColumn(JobId)),
)
_IS_UNDER_WAY = or_(IMAGES.c.state == "pending", IMAGES.c.state == "processing")
_CHANGED: dict[str, Any] = {"version": IMAGES.c.version + 1, "updated_at": func.now()}


def _new(*names: str) -> dict[str, Any]:
    return {name: bindparam(f"new_{name}", type_=IMAGES.c[name].type) for name in names}


INSERT_IMAGE = Query[DBImage](
    insert(IMAGES)
    .values(
        parameters("tenant_id", "id", "usage", "content_type", "size", "sha256", "created_by")
        | {"staged_until": func.now() + seconds(bindparam("staged_seconds", type_=Integer))}
    )
    .returning(*_COLUMNS)
)
GET_IMAGE = Query[DBImage](select(*_COLUMNS).where(_IS_ONE))
LOCK_IMAGE = Query[DBImage](select(*_COLUMNS).where(_IS_ONE).with_for_update())
LOCK_IMAGE_OF_JOB = Query[DBImage](select(*_COLUMNS).where(_IS_OF_JOB).with_for_update())
LOCK_CREATOR = Query[None](
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("creator_key", type_=Text), 0)))
)
COUNT_OF_CREATOR = Query[DBImageCount](
    select(func.count().label("count")).where(
        IMAGES.c.tenant_id == _TENANT,
        IMAGES.c.created_by == bindparam("created_by", type_=RichIdColumn(UserId)),
        IMAGES.c.usage == bindparam("usage", type_=Text),
    )
)
SET_PENDING = Query[DBImage](
    update(IMAGES)
    .where(_IS_CHANGED_ONE, IMAGES.c.state == "uploading")
    .values(_new("job_id") | {"state": "pending"} | _CHANGED)
    .returning(*_COLUMNS)
)
SET_PROCESSING = Query[DBImage](
    update(IMAGES)
    .where(_IS_CHANGED_ONE, IMAGES.c.state == "pending")
    .values({"state": "processing"} | _CHANGED)
    .returning(*_COLUMNS)
)
SET_READY = Query[DBImage](
    update(IMAGES)
    .where(_IS_CHANGED_ONE, _IS_UNDER_WAY)
    .values(_new("digest", "width", "height", "blurhash", "renditions") | {"state": "ready"} | _CHANGED)
    .returning(*_COLUMNS)
)
SET_FAILED = Query[DBImage](
    update(IMAGES)
    .where(_IS_CHANGED_ONE, _IS_UNDER_WAY)
    .values(_new("error_code") | {"state": "failed"} | _CHANGED)
    .returning(*_COLUMNS)
)
DELETE_IMAGE = Query[None](delete(IMAGES).where(_IS_ONE))
LIST_STAGED = Query[DBImageKey](
    select(IMAGES.c.tenant_id, IMAGES.c.id, IMAGES.c.state)
    .where(IMAGES.c.staged_until < func.now(), ~_IS_UNDER_WAY)
    .order_by(IMAGES.c.staged_until)
    .limit(bindparam("count", type_=Integer))
)
"""Pictures of all tenants of which there may be a file that nobody needs: it was never completed, or they are made."""

FORGET_STAGED = Query[None](update(IMAGES).where(_IS_CHANGED_ONE, ~_IS_UNDER_WAY).values(staged_until=None))
DELETE_UNFINISHED = Query[None](delete(IMAGES).where(_IS_ONE, IMAGES.c.state == "uploading"))


class ImageFilters(NamedTuple):
    """Which conditions a list has; each choice is one statement, compiled once."""

    usage: bool = False
    created_by: bool = False


@cache
def list_images(filters: ImageFilters, *, goes_on: bool) -> Query[DBImage]:
    """Give the statement of a list, newest first: keyset on the time and the id."""
    listed = select(*_COLUMNS).where(IMAGES.c.tenant_id == _TENANT, IMAGES.c.state != "uploading")
    if filters.usage:
        listed = listed.where(IMAGES.c.usage == bindparam("usage", type_=Text))
    if filters.created_by:
        listed = listed.where(IMAGES.c.created_by == bindparam("created_by", type_=RichIdColumn(UserId)))
    if goes_on:
        after = (
            bindparam("after_key", type_=IMAGES.c.created_at.type),
            bindparam("after_id", type_=RichIdColumn(ImageId)),
        )
        listed = listed.where(tuple_(IMAGES.c.created_at, IMAGES.c.id) < tuple_(*after))
    count = bindparam("count", type_=Integer)
    return Query(listed.order_by(IMAGES.c.created_at.desc(), IMAGES.c.id.desc()).limit(count))
