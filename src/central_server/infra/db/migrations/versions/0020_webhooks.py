"""Webhooks: endpoints, the secrets that bodies are signed with, deliveries and their attempts."""

from alembic import op

from central_server.infra.db.rls import enable_rls

revision = "0020"
down_revision = "0016"
branch_labels = None
depends_on = None

ENDPOINTS = """
CREATE TABLE central.webhook_endpoints (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    url TEXT NOT NULL,
    description TEXT,
    kinds TEXT[] NOT NULL,
    enabled BOOLEAN NOT NULL,
    disabled_reason TEXT,
    disabled_at TIMESTAMP WITH TIME ZONE,
    failing_since TIMESTAMP WITH TIME ZONE,
    last_success_at TIMESTAMP WITH TIME ZONE,
    created_by UUID,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT pk_webhook_endpoints PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_webhook_endpoints_disabled_reason CHECK (disabled_reason IN ('by_hand', 'failing', 'gone')),
    CONSTRAINT fk_webhook_endpoints_tenant_id_tenants
        FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE
)
"""

SECRETS = """
CREATE TABLE central.webhook_secrets (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    endpoint_id UUID NOT NULL,
    secret BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_webhook_secrets PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_webhook_secrets_tenant_id_webhook_endpoints
        FOREIGN KEY(tenant_id, endpoint_id) REFERENCES central.webhook_endpoints (tenant_id, id) ON DELETE CASCADE
)
"""

DELIVERIES = """
CREATE TABLE central.webhook_deliveries (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    endpoint_id UUID NOT NULL,
    event_id UUID NOT NULL,
    event_kind TEXT NOT NULL,
    state TEXT DEFAULT 'waiting' NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    tries INTEGER DEFAULT 0 NOT NULL,
    next_attempt_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    claimed_until TIMESTAMP WITH TIME ZONE,
    first_failed_at TIMESTAMP WITH TIME ZONE,
    last_attempt_at TIMESTAMP WITH TIME ZONE,
    last_status INTEGER,
    last_error TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_webhook_deliveries PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_webhook_deliveries_event UNIQUE (tenant_id, endpoint_id, event_id),
    CONSTRAINT ck_webhook_deliveries_state CHECK (state IN ('waiting', 'delivered', 'failed')),
    CONSTRAINT ck_webhook_deliveries_ended CHECK ((ended_at IS NULL) = (state = 'waiting')),
    CONSTRAINT fk_webhook_deliveries_tenant_id_webhook_endpoints
        FOREIGN KEY(tenant_id, endpoint_id) REFERENCES central.webhook_endpoints (tenant_id, id) ON DELETE CASCADE
)
"""

ATTEMPTS = """
CREATE TABLE central.webhook_attempts (
    tenant_id UUID NOT NULL,
    delivery_id UUID NOT NULL,
    number INTEGER NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    duration_ms INTEGER NOT NULL,
    status INTEGER,
    error TEXT,
    detail TEXT,
    answer TEXT NOT NULL,
    CONSTRAINT pk_webhook_attempts PRIMARY KEY (tenant_id, delivery_id, number),
    CONSTRAINT ck_webhook_attempts_answer CHECK (octet_length(answer) <= 1024),
    CONSTRAINT fk_webhook_attempts_tenant_id_webhook_deliveries
        FOREIGN KEY(tenant_id, delivery_id) REFERENCES central.webhook_deliveries (tenant_id, id) ON DELETE CASCADE
)
"""

INDEXES = """
CREATE INDEX ix_webhook_endpoints_created_at ON central.webhook_endpoints (tenant_id, created_at, id);
CREATE INDEX ix_webhook_secrets_endpoint ON central.webhook_secrets (tenant_id, endpoint_id);
CREATE INDEX ix_webhook_deliveries_created_at ON central.webhook_deliveries (tenant_id, created_at, id);
CREATE INDEX ix_webhook_deliveries_endpoint ON central.webhook_deliveries (tenant_id, endpoint_id, created_at, id);
CREATE INDEX ix_webhook_deliveries_due ON central.webhook_deliveries (next_attempt_at) WHERE state = 'waiting';
CREATE INDEX ix_webhook_deliveries_next ON central.webhook_deliveries (tenant_id, endpoint_id, next_attempt_at)
    WHERE state = 'waiting';
CREATE INDEX ix_webhook_deliveries_claimed ON central.webhook_deliveries (tenant_id, endpoint_id)
    WHERE claimed_until IS NOT NULL;
CREATE INDEX ix_webhook_deliveries_ended_at ON central.webhook_deliveries (ended_at)
"""
TABLES = ("webhook_endpoints", "webhook_secrets", "webhook_deliveries", "webhook_attempts")


def upgrade() -> None:
    for table in (ENDPOINTS, SECRETS, DELIVERIES, ATTEMPTS):
        op.execute(table)
    for index in INDEXES.split(";\n"):
        op.execute(index)
    for table in TABLES:
        enable_rls(op, table)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE central.{table}")
