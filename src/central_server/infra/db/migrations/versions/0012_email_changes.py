"""Addresses that were primary ones until just now, to which a notice is to be mailed.

The user is no foreign key: whose address was changed hears of it also when their user is deleted right afterwards.
"""

from alembic import op

from central_server.infra.db.rls import enable_rls

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE central.email_changes (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    former_email TEXT NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    changed_by UUID,
    CONSTRAINT pk_email_changes PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_email_changes_tenant_id_tenants
        FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE
)
"""


def upgrade() -> None:
    op.execute(TABLE)
    enable_rls(op, "email_changes", privileges="SELECT, INSERT, DELETE")


def downgrade() -> None:
    op.execute("DROP TABLE central.email_changes")
