"""Jobs: long work, the rows that it is given, and what is wrong with them."""

from alembic import op

from central_server.infra.db.rls import enable_rls

revision = "0013"
down_revision = "0015"
branch_labels = None
depends_on = None

JOBS = """
CREATE TABLE central.jobs (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    options JSONB NOT NULL,
    started_by UUID,
    request_id TEXT,
    stage TEXT NOT NULL,
    position INTEGER DEFAULT 0 NOT NULL,
    done INTEGER DEFAULT 0 NOT NULL,
    total INTEGER,
    message TEXT,
    result JSONB,
    error_code TEXT,
    error_message TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT pk_jobs PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_jobs_state CHECK (
        state IN ('receiving', 'queued', 'running', 'cancelling', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT ck_jobs_ended CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled'))),
    CONSTRAINT fk_jobs_tenant_id_tenants
        FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE,
    CONSTRAINT fk_jobs_tenant_id_started_by_users
        FOREIGN KEY(tenant_id, started_by) REFERENCES central.users (tenant_id, id) ON DELETE SET NULL (started_by)
)
"""

CHUNKS = """
CREATE TABLE central.job_chunks (
    tenant_id UUID NOT NULL,
    job_id UUID NOT NULL,
    number INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    rows JSONB NOT NULL,
    CONSTRAINT pk_job_chunks PRIMARY KEY (tenant_id, job_id, number),
    CONSTRAINT fk_job_chunks_tenant_id_job_id_jobs
        FOREIGN KEY(tenant_id, job_id) REFERENCES central.jobs (tenant_id, id) ON DELETE CASCADE
)
"""

ROW_ERRORS = """
CREATE TABLE central.job_row_errors (
    tenant_id UUID NOT NULL,
    job_id UUID NOT NULL,
    row_number INTEGER NOT NULL,
    place INTEGER NOT NULL,
    field TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    CONSTRAINT pk_job_row_errors PRIMARY KEY (tenant_id, job_id, row_number, place),
    CONSTRAINT fk_job_row_errors_tenant_id_job_id_jobs
        FOREIGN KEY(tenant_id, job_id) REFERENCES central.jobs (tenant_id, id) ON DELETE CASCADE
)
"""


def upgrade() -> None:
    for table in (JOBS, CHUNKS, ROW_ERRORS):
        op.execute(table)
    op.execute("CREATE INDEX ix_jobs_created_at ON central.jobs (tenant_id, created_at, id)")
    op.execute("CREATE INDEX ix_jobs_started_by ON central.jobs (tenant_id, started_by, created_at, id)")
    for name in ("jobs", "job_chunks", "job_row_errors"):
        enable_rls(op, name)


def downgrade() -> None:
    for name in ("job_row_errors", "job_chunks", "jobs"):
        op.execute(f"DROP TABLE central.{name}")
