"""Signing tools in, by somebody in a browser."""

from alembic import op

from central_server.infra.db.rls import enable_rls

revision = "0009"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE central.tool_sign_ins (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    flow TEXT NOT NULL,
    state TEXT DEFAULT 'pending' NOT NULL,
    application TEXT NOT NULL,
    host TEXT,
    version TEXT,
    address TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    user_code_prefix TEXT NOT NULL,
    user_code_mac BYTEA NOT NULL,
    tries INTEGER DEFAULT 0 NOT NULL,
    device_code_hash BYTEA,
    polled_at TIMESTAMP WITH TIME ZONE,
    interval_seconds INTEGER NOT NULL,
    redirect_uri TEXT,
    client_state TEXT,
    code_challenge TEXT,
    code_hash BYTEA,
    code_expires_at TIMESTAMP WITH TIME ZONE,
    decided_at TIMESTAMP WITH TIME ZONE,
    user_id UUID,
    session_id UUID,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_tool_sign_ins PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_tool_sign_ins_flow CHECK (flow IN ('device', 'loopback')),
    CONSTRAINT ck_tool_sign_ins_state CHECK (state IN ('pending', 'approved', 'denied', 'used')),
    CONSTRAINT ck_tool_sign_ins_parts CHECK (
        CASE flow WHEN 'device' THEN device_code_hash IS NOT NULL AND code_hash IS NULL ELSE device_code_hash IS NULL
        AND num_nulls(redirect_uri, client_state, code_challenge) = 0 END
    ),
    CONSTRAINT ck_tool_sign_ins_decided CHECK (
        state = 'pending' OR num_nulls(decided_at, user_id, session_id) = 0
    ),
    CONSTRAINT fk_tool_sign_ins_tenant_id_tenants
        FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE,
    CONSTRAINT fk_tool_sign_ins_tenant_id_session_id_sessions
        FOREIGN KEY(tenant_id, session_id) REFERENCES central.sessions (tenant_id, id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_tool_sign_ins_user_code ON central.tool_sign_ins (tenant_id, user_code_prefix);
CREATE UNIQUE INDEX uq_tool_sign_ins_device_code ON central.tool_sign_ins (tenant_id, device_code_hash);
CREATE UNIQUE INDEX uq_tool_sign_ins_code ON central.tool_sign_ins (tenant_id, code_hash);
CREATE INDEX ix_tool_sign_ins_expires_at ON central.tool_sign_ins (tenant_id, expires_at);
CREATE INDEX ix_tool_sign_ins_session ON central.tool_sign_ins (tenant_id, session_id)
"""


def upgrade() -> None:
    for statement in TABLE.split(";\n"):
        op.execute(statement)
    enable_rls(op, "tool_sign_ins")


def downgrade() -> None:
    op.execute("DROP TABLE central.tool_sign_ins")
