"""An index of the jobs that have not ended: what counts them every few seconds read all that are kept."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_jobs_open ON central.jobs (kind, state) WHERE ended_at IS NULL")


def downgrade() -> None:
    op.execute("DROP INDEX central.ix_jobs_open")
