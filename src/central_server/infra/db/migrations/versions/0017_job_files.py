"""The file that a job gives, what of jobs is to be deleted and when; and for how long tenants keep their events."""

from alembic import op

from central_server.infra.db.rls import enable_rls

revision = "0017"
down_revision = "0013"
branch_labels = None
depends_on = None

COLUMNS = {
    "file_object": "TEXT",
    "file_name": "TEXT",
    "file_content_type": "TEXT",
    "file_size": "BIGINT",
    "file_sha256": "TEXT",
    "file_expires_at": "TIMESTAMP WITH TIME ZONE",
}
WHOLE = "num_nulls(file_object, file_name, file_content_type, file_size, file_sha256) IN (0, 5)"
INDEXES = {
    "ix_jobs_ended_at": "jobs (ended_at) WHERE ended_at IS NOT NULL",
    "ix_jobs_receiving": "jobs (updated_at) WHERE state = 'receiving'",
    "ix_jobs_file_expires_at": "jobs (file_expires_at) WHERE file_expires_at IS NOT NULL",
}

RETENTIONS = """
CREATE TABLE central.event_retentions (
    tenant_id UUID NOT NULL,
    days INTEGER,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_event_retentions PRIMARY KEY (tenant_id),
    CONSTRAINT ck_event_retentions_days CHECK (days >= 30),
    CONSTRAINT fk_event_retentions_tenant_id_tenants
        FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE
)
"""


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE central.jobs ADD COLUMN {name} {kind}")
    op.execute(f"ALTER TABLE central.jobs ADD CONSTRAINT ck_jobs_file CHECK ({WHOLE})")
    for name, columns in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON central.{columns}")
    op.execute(RETENTIONS)
    enable_rls(op, "event_retentions")


def downgrade() -> None:
    op.execute("DROP TABLE central.event_retentions")
    for name in reversed(INDEXES):
        op.execute(f"DROP INDEX central.{name}")
    op.execute("ALTER TABLE central.jobs DROP CONSTRAINT ck_jobs_file")
    for name in reversed(COLUMNS):
        op.execute(f"ALTER TABLE central.jobs DROP COLUMN {name}")
