"""Units: a tenant's organisation as a tree, with the paths in it and what each unit was when."""

from alembic import op

from central_server.infra.db.rls import enable_rls

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

UP = """
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

CREATE TABLE central.units (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    parent_id UUID,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" GENERATED ALWAYS AS (lower(name)) STORED NOT NULL,
    description TEXT,
    code TEXT,
    code_key TEXT COLLATE "C" GENERATED ALWAYS AS (lower(code)) STORED,
    position BIGINT NOT NULL,
    single_holder BOOLEAN NOT NULL,
    attributes JSONB DEFAULT '{}' NOT NULL,
    tags JSONB DEFAULT '{}' NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT pk_units PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_units_tenant_id_tenants FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE,
    CONSTRAINT fk_units_parent FOREIGN KEY(tenant_id, parent_id) REFERENCES central.units (tenant_id, id)
        DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT ck_units_kind CHECK (kind IN ('organizational', 'individual'))
);

CREATE UNIQUE INDEX uq_units_code ON central.units (tenant_id, code_key);
CREATE INDEX ix_units_siblings ON central.units (tenant_id, parent_id, position, id);
CREATE INDEX ix_units_name ON central.units (tenant_id, name_key, id);
CREATE INDEX ix_units_created_at ON central.units (tenant_id, created_at, id);
CREATE INDEX ix_units_tags ON central.units USING gin (tags jsonb_path_ops);

CREATE TABLE central.unit_paths (
    tenant_id UUID NOT NULL,
    ancestor_id UUID NOT NULL,
    unit_id UUID NOT NULL,
    distance INTEGER NOT NULL,
    CONSTRAINT pk_unit_paths PRIMARY KEY (tenant_id, ancestor_id, unit_id),
    CONSTRAINT fk_unit_paths_tenant_id_unit_id_units
        FOREIGN KEY(tenant_id, unit_id) REFERENCES central.units (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_unit_paths_unit ON central.unit_paths (tenant_id, unit_id, distance);

CREATE TABLE central.unit_versions (
    tenant_id UUID NOT NULL,
    unit_id UUID NOT NULL,
    version INTEGER NOT NULL,
    valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
    valid_until TIMESTAMP WITH TIME ZONE,
    parent_id UUID,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    code TEXT,
    position BIGINT NOT NULL,
    single_holder BOOLEAN NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    changed_by UUID,
    CONSTRAINT pk_unit_versions PRIMARY KEY (tenant_id, unit_id, version),
    CONSTRAINT ck_unit_versions_valid CHECK (valid_until > valid_from),
    CONSTRAINT fk_unit_versions_tenant_id_tenants
        FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE,
    CONSTRAINT ex_unit_versions_valid EXCLUDE USING gist
        (tenant_id WITH =, unit_id WITH =, tstzrange(valid_from, valid_until) WITH &&)
);

CREATE INDEX ix_unit_versions_siblings ON central.unit_versions (tenant_id, parent_id, position, unit_id)
"""
# Members see units from now on. Who could see members before, and give what they hold, still can.
READERS = """
SET LOCAL ROLE central_platform;
UPDATE central.roles SET permissions = {change}(permissions, 'units:read')
    WHERE NOT built_in AND 'users:read' = ANY (permissions);
RESET ROLE
"""
TABLES = ("units", "unit_paths", "unit_versions")


def upgrade() -> None:
    for statement in UP.split(";\n"):
        op.execute(statement)
    for table in TABLES:
        enable_rls(op, table)
    for statement in READERS.format(change="array_append").split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    for statement in READERS.format(change="array_remove").split(";\n"):
        op.execute(statement)
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE central.{table}")
