"""Assignments of people to units, for a time, with roles that may reach the units below."""

from alembic import op

from central_server.infra.db.rls import enable_rls

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE central.roles ADD COLUMN reach TEXT DEFAULT 'unit' NOT NULL;
ALTER TABLE central.roles ADD CONSTRAINT ck_roles_reach CHECK (reach IN ('unit', 'subtree'));

ALTER TABLE central.units ADD CONSTRAINT uq_units_single_holder UNIQUE (tenant_id, id, single_holder);

CREATE TABLE central.unit_assignments (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    unit_id UUID NOT NULL,
    single_holder BOOLEAN,
    user_id UUID NOT NULL,
    role TEXT,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE,
    created_by UUID,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    start_told_at TIMESTAMP WITH TIME ZONE,
    end_told_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_unit_assignments PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_unit_assignments_unit FOREIGN KEY(tenant_id, unit_id) REFERENCES central.units (tenant_id, id),
    CONSTRAINT fk_unit_assignments_single_holder FOREIGN KEY(tenant_id, unit_id, single_holder)
        REFERENCES central.units (tenant_id, id, single_holder) ON UPDATE CASCADE,
    CONSTRAINT fk_unit_assignments_user
        FOREIGN KEY(tenant_id, user_id) REFERENCES central.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_unit_assignments_role FOREIGN KEY(tenant_id, role) REFERENCES central.roles (tenant_id, slug),
    CONSTRAINT ck_unit_assignments_ends CHECK (ends_at > starts_at),
    CONSTRAINT ex_unit_assignments_person EXCLUDE USING gist
        (tenant_id WITH =, unit_id WITH =, user_id WITH =, tstzrange(starts_at, ends_at) WITH &&),
    CONSTRAINT ex_unit_assignments_holder EXCLUDE USING gist
        (tenant_id WITH =, unit_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (single_holder)
);

CREATE INDEX ix_unit_assignments_unit ON central.unit_assignments (tenant_id, unit_id, starts_at, id);
CREATE INDEX ix_unit_assignments_user ON central.unit_assignments (tenant_id, user_id, starts_at, id);
CREATE INDEX ix_unit_assignments_role ON central.unit_assignments (tenant_id, role);
CREATE INDEX ix_unit_assignments_starts_at ON central.unit_assignments (tenant_id, starts_at, id);
CREATE INDEX ix_unit_assignments_starting ON central.unit_assignments (starts_at) WHERE start_told_at IS NULL;
CREATE INDEX ix_unit_assignments_ending ON central.unit_assignments (ends_at)
    WHERE end_told_at IS NULL AND ends_at IS NOT NULL
"""


def upgrade() -> None:
    for statement in UP.split(";\n"):
        op.execute(statement)
    enable_rls(op, "unit_assignments")


def downgrade() -> None:
    op.execute("DROP TABLE central.unit_assignments")
    op.execute("ALTER TABLE central.roles DROP COLUMN reach")
    op.execute("ALTER TABLE central.units DROP CONSTRAINT uq_units_single_holder")
