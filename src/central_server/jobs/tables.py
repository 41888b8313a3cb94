from datetime import datetime
from typing import Any, Final, TypedDict

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

from central.jobs.models import JobKind, JobState
from central.kernel.ids import JobId, TenantId, UserId
from central_server.infra.db import METADATA, RichIdColumn, created_at, updated_at

CHANNEL: Final = "central_jobs"
"""Where each change of a job is told, by its UUID."""

JOBS = Table(
    "jobs",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("id", RichIdColumn(JobId), nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("options", JSONB, nullable=False),
    Column("started_by", RichIdColumn(UserId)),
    Column("request_id", Text),
    Column("stage", Text, nullable=False),
    Column("position", Integer, nullable=False, server_default=text("0")),
    Column("done", Integer, nullable=False, server_default=text("0")),
    Column("total", Integer),
    Column("message", Text),
    Column("result", JSONB),
    Column("error_code", Text),
    Column("error_message", Text),
    created_at(),
    updated_at(),
    Column("started_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("file_object", Text),
    Column("file_name", Text),
    Column("file_content_type", Text),
    Column("file_size", BigInteger),
    Column("file_sha256", Text),
    Column("file_expires_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant_id", "id"),
    CheckConstraint(
        "state IN ('receiving', 'queued', 'running', 'cancelling', 'succeeded', 'failed', 'cancelled')", name="state"
    ),
    CheckConstraint("(ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled'))", name="ended"),
    CheckConstraint(
        "num_nulls(file_object, file_name, file_content_type, file_size, file_sha256) IN (0, 5)", name="file"
    ),
    ForeignKeyConstraint(
        ["tenant_id", "started_by"], ["users.tenant_id", "users.id"], ondelete="SET NULL (started_by)"
    ),
    Index("ix_jobs_created_at", "tenant_id", "created_at", "id"),
    Index("ix_jobs_started_by", "tenant_id", "started_by", "created_at", "id"),
    Index("ix_jobs_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    Index("ix_jobs_open", "kind", "state", postgresql_where=text("ended_at IS NULL")),
    Index("ix_jobs_receiving", "updated_at", postgresql_where=text("state = 'receiving'")),
    Index("ix_jobs_file_expires_at", "file_expires_at", postgresql_where=text("file_expires_at IS NOT NULL")),
)
"""Long work. `stage` and `position` say where it goes on after a crash: they change with what was done until there.

`file_object` names the one object of the job's folder that is its file; others are of attempts that came to nothing.
`file_expires_at` is set as soon as there may be any, and cleared when all are deleted.
"""

JOB_CHUNKS = Table(
    "job_chunks",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("job_id", RichIdColumn(JobId), nullable=False),
    Column("number", Integer, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("rows", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant_id", "job_id", "number"),
    ForeignKeyConstraint(["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.id"], ondelete="CASCADE"),
)
"""The rows that a job was given; they go when it ends."""

JOB_ROW_ERRORS = Table(
    "job_row_errors",
    METADATA,
    Column("tenant_id", RichIdColumn(TenantId), nullable=False),
    Column("job_id", RichIdColumn(JobId), nullable=False),
    Column("row_number", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("field", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "job_id", "row_number", "place"),
    ForeignKeyConstraint(["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.id"], ondelete="CASCADE"),
)
"""What was wrong with which row; `place` tells several of one row apart."""


class DBJob(TypedDict):
    """A row of `jobs`."""

    tenant_id: TenantId
    id: JobId
    kind: JobKind
    state: JobState
    options: dict[str, Any]
    started_by: UserId | None
    request_id: str | None
    stage: str
    position: int
    done: int
    total: int | None
    message: str | None
    result: dict[str, Any] | None
    error_code: str | None
    error_message: str | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    version: int
    file_object: str | None
    file_name: str | None
    file_content_type: str | None
    file_size: int | None
    file_sha256: str | None
    file_expires_at: datetime | None
    has_file: bool


class DBJobKey(TypedDict):
    """Which job, of which tenant."""

    tenant_id: TenantId
    id: JobId


class DBEndedJobCount(TypedDict):
    """How many jobs of a kind have ended in a state."""

    kind: JobKind
    state: JobState
    count: int


class DBJobCount(TypedDict):
    """How many jobs of a kind are in a state, and for how many seconds the one rests that moved longest ago."""

    kind: JobKind
    state: JobState
    count: int
    rests: float


class DBJobChunk(TypedDict):
    """Rows that a job was given."""

    number: int
    rows: list[dict[str, Any]]


class DBChunkCount(TypedDict):
    """How many chunks a job was given, how the last is numbered, and how many rows they hold."""

    chunks: int
    last: int | None
    row_count: int


class DBChunkNumber(TypedDict):
    """The number of a chunk alone."""

    number: int


class DBRowError(TypedDict):
    """A row of `job_row_errors`."""

    row_number: int
    place: int
    field: str
    code: str
    message: str


class DBRowNumber(TypedDict):
    """The number of a row alone."""

    row_number: int
