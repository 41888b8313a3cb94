"""Deleting tenants, from which they come back for a while, with receipts that stay; and importing them as they were."""

from alembic import op

from central_server.infra.db.rls import enable_platform_rls

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE central.tenants ADD COLUMN delete_after TIMESTAMP WITH TIME ZONE;
ALTER TABLE central.tenants
    DROP CONSTRAINT ck_tenants_state,
    ADD CONSTRAINT ck_tenants_state CHECK (state IN ('active', 'suspended', 'deleting')),
    ADD CONSTRAINT ck_tenants_deleting CHECK ((state = 'deleting') = (delete_after IS NOT NULL));
GRANT UPDATE (delete_after), DELETE ON central.tenants TO central_platform;

ALTER TABLE central.tenant_slugs DROP CONSTRAINT fk_tenant_slugs_tenant_id_tenants;

CREATE TABLE central.tenant_deletions (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    slug TEXT NOT NULL,
    state TEXT DEFAULT 'scheduled' NOT NULL,
    state_before TEXT NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    requested_by UUID,
    by_operator BOOLEAN NOT NULL,
    delete_after TIMESTAMP WITH TIME ZONE NOT NULL,
    restored_at TIMESTAMP WITH TIME ZONE,
    restored_by UUID,
    started_at TIMESTAMP WITH TIME ZONE,
    stage TEXT,
    removed JSONB DEFAULT '{}' NOT NULL,
    gone_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_tenant_deletions PRIMARY KEY (id),
    CONSTRAINT ck_tenant_deletions_state CHECK (state IN ('scheduled', 'deleting', 'deleted', 'restored'))
);

CREATE UNIQUE INDEX uq_tenant_deletions_open ON central.tenant_deletions (tenant_id)
    WHERE state IN ('scheduled', 'deleting');
CREATE INDEX ix_tenant_deletions_requested_at ON central.tenant_deletions (requested_at, id);
CREATE INDEX ix_tenant_deletions_due ON central.tenant_deletions (delete_after)
    WHERE state IN ('scheduled', 'deleting')
"""

DOWN = """
DROP TABLE central.tenant_deletions;
ALTER TABLE central.tenants
    DROP CONSTRAINT ck_tenants_deleting,
    DROP CONSTRAINT ck_tenants_state,
    DROP COLUMN delete_after;
ALTER TABLE central.tenants ADD CONSTRAINT ck_tenants_state CHECK (state IN ('active', 'suspended'));
REVOKE DELETE ON central.tenants FROM central_platform
"""

# Tenants that are to be deleted stay shut out.
TO_BEFORE = """
SET LOCAL ROLE central_platform;
UPDATE central.tenants SET state = 'suspended', delete_after = NULL WHERE state = 'deleting';
RESET ROLE
"""
# Not valid for the slugs of tenants that are gone: those stay taken.
SLUGS = """
ALTER TABLE central.tenant_slugs ADD CONSTRAINT fk_tenant_slugs_tenant_id_tenants
    FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE NOT VALID
"""


# What is imported is as it was elsewhere. It makes no operator, and no domain that counts as verified.
IMPORTING = {
    "tenants": (
        "created_at, updated_at, version, member_idle_seconds, member_lifetime_seconds, admin_idle_seconds, "
        "admin_lifetime_seconds, accent_color, background_color"
    ),
    "users": "state, created_at, updated_at, disabled_at, last_sign_in_at, version",
    "domains": "created_at, updated_at, version",
    "outbox": "created_at, position",
}


def upgrade() -> None:
    for statement in UP.split(";\n"):
        op.execute(statement)
    enable_platform_rls(op, "tenant_deletions", privileges="SELECT, INSERT, UPDATE")
    for table, columns in IMPORTING.items():
        op.execute(f"GRANT INSERT ({columns}) ON central.{table} TO central_platform")


def downgrade() -> None:
    for table, columns in IMPORTING.items():
        op.execute(f"REVOKE INSERT ({columns}) ON central.{table} FROM central_platform")
    for statement in (TO_BEFORE + ";\n" + DOWN + ";\n" + SLUGS).split(";\n"):
        op.execute(statement)
