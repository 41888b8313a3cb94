from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from central.images.models import ImageContentType, ImageReason, ImageUsage
from central.kernel.ids import ImageId, JobId, TenantId, UserId
from central_server.infra.db import METADATA, RichIdColumn, created_at, updated_at

IMAGES = Table(
    "images",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("id", RichIdColumn(ImageId), nullable=False),
    Column("usage", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'uploading'")),
    Column("content_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text),
    Column("created_by", RichIdColumn(UserId)),
    Column("job_id", RichIdColumn(JobId)),
    Column("digest", Text),
    Column("width", Integer),
    Column("height", Integer),
    Column("blurhash", Text),
    Column("renditions", JSONB, nullable=False, server_default=text("'[]'")),
    Column("error_code", Text),
    created_at(),
    updated_at(),
    Column("staged_until", DateTime(timezone=True)),
    Column("version", Integer, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("tenant_id", "id"),
    CheckConstraint("usage IN ('avatar', 'logo', 'content')", name="usage"),
    CheckConstraint("state IN ('uploading', 'pending', 'processing', 'ready', 'failed')", name="state"),
    CheckConstraint(
        "num_nulls(digest, width, height, blurhash) = CASE state WHEN 'ready' THEN 0 ELSE 4 END", name="ready"
    ),
    CheckConstraint("(error_code IS NOT NULL) = (state = 'failed')", name="failed"),
    CheckConstraint("(job_id IS NULL) = (state = 'uploading')", name="job"),
    ForeignKeyConstraint(
        ["tenant_id", "created_by"], ["users.tenant_id", "users.id"], ondelete="SET NULL (created_by)"
    ),
    Index("ix_images_created_at", "tenant_id", "created_at", "id"),
    Index("ix_images_created_by", "tenant_id", "created_by", "created_at", "id"),
    Index("uq_images_job_id", "tenant_id", "job_id", unique=True),
    Index("ix_images_staged_until", "staged_until", postgresql_where=text("staged_until IS NOT NULL")),
)
"""Pictures, from the moment that somebody is to send their file.

`staged_until` is set while the file that was sent may still be there, and cleared when it has gone. `job_id` stays
when the job has gone. `digest` names the folder of the renditions: it is of their contents.
"""


class DBImage(TypedDict):
    """A row of `images`; `upload_open` says that the file may still be sent."""

    tenant_id: TenantId
    id: ImageId
    usage: ImageUsage
    state: str
    content_type: ImageContentType
    size: int
    sha256: str | None
    created_by: UserId | None
    job_id: JobId | None
    digest: str | None
    width: int | None
    height: int | None
    blurhash: str | None
    renditions: list[dict[str, Any]]
    error_code: ImageReason | None
    created_at: datetime
    updated_at: datetime
    staged_until: datetime | None
    version: int
    upload_open: bool


class DBImageKey(TypedDict):
    """Which picture, of which tenant, and in which state."""

    tenant_id: TenantId
    id: ImageId
    state: str


class DBImageCount(TypedDict):
    """How many pictures of somebody there are."""

    count: int
