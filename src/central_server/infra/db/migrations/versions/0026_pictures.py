"""Pictures: announced, sent, and made into renditions."""

from alembic import op

from central_server.infra.db.rls import enable_rls

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

IMAGES = """
CREATE TABLE central.images (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    usage TEXT NOT NULL,
    state TEXT DEFAULT 'uploading' NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT,
    created_by UUID,
    job_id UUID,
    digest TEXT,
    width INTEGER,
    height INTEGER,
    blurhash TEXT,
    renditions JSONB DEFAULT '[]' NOT NULL,
    error_code TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    staged_until TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT pk_images PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_images_usage CHECK (usage IN ('avatar', 'logo', 'content')),
    CONSTRAINT ck_images_state CHECK (state IN ('uploading', 'pending', 'processing', 'ready', 'failed')),
    CONSTRAINT ck_images_ready
        CHECK (num_nulls(digest, width, height, blurhash) = CASE state WHEN 'ready' THEN 0 ELSE 4 END),
    CONSTRAINT ck_images_failed CHECK ((error_code IS NOT NULL) = (state = 'failed')),
    CONSTRAINT ck_images_job CHECK ((job_id IS NULL) = (state = 'uploading')),
    CONSTRAINT fk_images_tenant_id_tenants FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE,
    CONSTRAINT fk_images_tenant_id_created_by_users
        FOREIGN KEY(tenant_id, created_by) REFERENCES central.users (tenant_id, id) ON DELETE SET NULL (created_by)
);

CREATE INDEX ix_images_created_at ON central.images (tenant_id, created_at, id);
CREATE INDEX ix_images_created_by ON central.images (tenant_id, created_by, created_at, id);
CREATE UNIQUE INDEX uq_images_job_id ON central.images (tenant_id, job_id);
CREATE INDEX ix_images_staged_until ON central.images (staged_until) WHERE staged_until IS NOT NULL
"""


def upgrade() -> None:
    for statement in IMAGES.split(";\n"):
        op.execute(statement)
    enable_rls(op, "images")


def downgrade() -> None:
    op.execute("DROP TABLE central.images")
