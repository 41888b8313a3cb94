from sqlalchemy import and_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from central_server.infra.db import Query
from central_server.infra.db.deleting import delete_batch
from central_server.infra.http.tables import IDEMPOTENCY_KEYS, DBIdempotencyKey

_ROW = and_(
    IDEMPOTENCY_KEYS.c.tenant_id == bindparam("tenant_id"),
    IDEMPOTENCY_KEYS.c.user_id == bindparam("user_id"),
    IDEMPOTENCY_KEYS.c.key == bindparam("key"),
)
CLAIM = Query[None](
    insert(IDEMPOTENCY_KEYS)
    .values({name: bindparam(name) for name in ("tenant_id", "user_id", "key", "request_hash")})
    .on_conflict_do_nothing()
)
FIND = Query[DBIdempotencyKey](
    select(IDEMPOTENCY_KEYS.c.request_hash, IDEMPOTENCY_KEYS.c.status, IDEMPOTENCY_KEYS.c.body).where(_ROW)
)
ANSWER = Query[None](
    update(IDEMPOTENCY_KEYS)
    .where(
        IDEMPOTENCY_KEYS.c.tenant_id == bindparam("of_tenant"),
        IDEMPOTENCY_KEYS.c.user_id == bindparam("of_user"),
        IDEMPOTENCY_KEYS.c.key == bindparam("of_key"),
    )
    .values(status=bindparam("new_status"), body=bindparam("new_body"), created_at=func.now())
)
DELETE_ANSWERS = Query[None](delete_batch(IDEMPOTENCY_KEYS, lambda ended: ended.c.created_at))
