"""Invitations."""

from alembic import op

from central_server.infra.db.rls import enable_rls

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE central.invitations (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    email TEXT NOT NULL,
    roles TEXT[] NOT NULL,
    message TEXT,
    state TEXT DEFAULT 'pending' NOT NULL,
    delivery TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    token BYTEA,
    binding_hash BYTEA,
    begun_at TIMESTAMP WITH TIME ZONE,
    created_by UUID NOT NULL,
    invited_by UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE,
    accepted_by UUID,
    revoked_at TIMESTAMP WITH TIME ZONE,
    revoked_by UUID,
    requested_count INTEGER DEFAULT 0 NOT NULL,
    last_requested_at TIMESTAMP WITH TIME ZONE,
    sent_count INTEGER DEFAULT 0 NOT NULL,
    last_sent_at TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT pk_invitations PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_invitations_state CHECK (state IN ('pending', 'accepted', 'revoked', 'expired')),
    CONSTRAINT ck_invitations_delivery CHECK (delivery IN ('mail', 'hand')),
    CONSTRAINT ck_invitations_accepted CHECK ((state = 'accepted') = (accepted_at IS NOT NULL)),
    CONSTRAINT fk_invitations_tenant_id_tenants
        FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE
)
"""

INDEXES = """
CREATE UNIQUE INDEX uq_invitations_pending ON central.invitations (tenant_id, lower(email)) WHERE state = 'pending';
CREATE UNIQUE INDEX uq_invitations_token_hash ON central.invitations (tenant_id, token_hash);
CREATE INDEX ix_invitations_email ON central.invitations (tenant_id, lower(email));
CREATE INDEX ix_invitations_created_at ON central.invitations (tenant_id, created_at, id);
CREATE INDEX ix_invitations_binding ON central.invitations (tenant_id, binding_hash) WHERE binding_hash IS NOT NULL
"""


def upgrade() -> None:
    op.execute(TABLE)
    for index in INDEXES.split(";\n"):
        op.execute(index)
    enable_rls(op, "invitations")


def downgrade() -> None:
    op.execute("DROP TABLE central.invitations")
