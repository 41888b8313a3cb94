"""Codes that show whose an address is, and what attributes of people a tenant allows."""

from alembic import op

from central_server.infra.db.rls import enable_rls

revision = "0010"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE central.email_verifications (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    email_id UUID NOT NULL,
    code_mac BYTEA NOT NULL,
    code BYTEA,
    attempts INTEGER DEFAULT 0 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_email_verifications PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_email_verifications_tenant_id_user_id_users
        FOREIGN KEY(tenant_id, user_id) REFERENCES central.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_email_verifications_tenant_id_email_id_user_emails
        FOREIGN KEY(tenant_id, email_id) REFERENCES central.user_emails (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_email_verifications_user ON central.email_verifications (tenant_id, user_id, created_at);
CREATE INDEX ix_email_verifications_email ON central.email_verifications (tenant_id, email_id);

CREATE TABLE central.attribute_rules (
    tenant_id UUID NOT NULL,
    json_schema JSONB NOT NULL,
    version INTEGER NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_attribute_rules PRIMARY KEY (tenant_id),
    CONSTRAINT fk_attribute_rules_tenant_id_tenants
        FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE
)
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    for table in ("email_verifications", "attribute_rules"):
        enable_rls(op, table)


def downgrade() -> None:
    op.execute("DROP TABLE central.attribute_rules")
    op.execute("DROP TABLE central.email_verifications")
