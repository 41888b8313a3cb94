from typing import TypedDict

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text

from central.kernel.ids import TenantId, UserId
from central_server.infra.db import METADATA, RichIdColumn, created_at

IDEMPOTENCY_KEYS = Table(
    "idempotency_keys",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("user_id", RichIdColumn(UserId), nullable=False),
    Column("key", Text, nullable=False),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", Integer),
    Column("body", LargeBinary),
    created_at(),
    PrimaryKeyConstraint("tenant_id", "user_id", "key"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"),
    Index("ix_idempotency_keys_created_at", "created_at"),
)
"""What a keyed request was answered, written in the transaction of its effect."""


class DBIdempotencyKey(TypedDict):
    """A row of `idempotency_keys`; `status` and `body` are there once the transaction committed."""

    request_hash: bytes
    status: int
    body: bytes
