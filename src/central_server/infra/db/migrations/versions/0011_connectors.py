"""Connectors: plain OAuth 2.0, two secrets each, tests, and what they make of people."""

from alembic import op

from central_server.infra.db.rls import enable_rls

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE central.auth_connectors
    DROP CONSTRAINT ck_auth_connectors_kind,
    ADD CONSTRAINT ck_auth_connectors_kind CHECK (kind IN ('oidc', 'oauth2', 'email_code')),
    ADD COLUMN settings_version INTEGER DEFAULT 1 NOT NULL,
    ADD COLUMN tested_version INTEGER,
    ADD COLUMN tested_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN default_roles TEXT[] DEFAULT '{member}' NOT NULL,
    ADD COLUMN attribute_claims JSONB DEFAULT '{}' NOT NULL,
    ADD COLUMN group_claim TEXT,
    ADD COLUMN group_roles JSONB DEFAULT '[]' NOT NULL;

CREATE TABLE central.client_secrets (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connector_id UUID NOT NULL,
    secret BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    created_by UUID,
    expires_at TIMESTAMP WITH TIME ZONE,
    warned_days INTEGER,
    CONSTRAINT pk_client_secrets PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_client_secrets_tenant_id_connector_id_auth_connectors
        FOREIGN KEY(tenant_id, connector_id) REFERENCES central.auth_connectors (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_client_secrets_connector ON central.client_secrets (tenant_id, connector_id);

CREATE INDEX ix_client_secrets_expires_at ON central.client_secrets (expires_at) WHERE expires_at IS NOT NULL;

INSERT INTO central.client_secrets (tenant_id, id, connector_id, secret, created_at)
SELECT tenant_id, gen_random_uuid(), id, client_secret, created_at
FROM central.auth_connectors WHERE client_secret IS NOT NULL;

ALTER TABLE central.auth_connectors DROP COLUMN client_secret;

CREATE TABLE central.connector_tests (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connector_id UUID NOT NULL,
    settings_version INTEGER NOT NULL,
    token_hash BYTEA NOT NULL,
    binding_hash BYTEA,
    started_by UUID,
    state TEXT DEFAULT 'pending' NOT NULL,
    result JSONB,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_connector_tests PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_connector_tests_state CHECK (state IN ('pending', 'succeeded', 'failed')),
    CONSTRAINT ck_connector_tests_ended CHECK ((state = 'pending') = (ended_at IS NULL)),
    CONSTRAINT fk_connector_tests_tenant_id_connector_id_auth_connectors
        FOREIGN KEY(tenant_id, connector_id) REFERENCES central.auth_connectors (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_connector_tests_connector ON central.connector_tests (tenant_id, connector_id);

ALTER TABLE central.login_transactions
    ADD COLUMN test_id UUID,
    ADD CONSTRAINT fk_login_transactions_tenant_id_test_id_connector_tests
        FOREIGN KEY(tenant_id, test_id) REFERENCES central.connector_tests (tenant_id, id) ON DELETE CASCADE;

CREATE INDEX ix_login_transactions_test ON central.login_transactions (tenant_id, test_id);

ALTER TABLE central.identities ADD COLUMN claim_names TEXT[];

CREATE INDEX ix_identities_seen_at ON central.identities (tenant_id, connector_id, seen_at);

CREATE INDEX ix_outbox_failed_sign_ins ON central.outbox (tenant_id, (payload ->> 'connectorId'), created_at, id)
    WHERE kind = 'auth.sign_in.failed'
"""

DOWN = """
DROP INDEX central.ix_outbox_failed_sign_ins;

DROP INDEX central.ix_identities_seen_at;

ALTER TABLE central.identities DROP COLUMN claim_names;

ALTER TABLE central.login_transactions DROP COLUMN test_id;

DROP TABLE central.connector_tests;

ALTER TABLE central.auth_connectors ADD COLUMN client_secret BYTEA;

UPDATE central.auth_connectors c SET client_secret = (
    SELECT secret FROM central.client_secrets s
    WHERE s.tenant_id = c.tenant_id AND s.connector_id = c.id ORDER BY created_at DESC, id DESC LIMIT 1
);

DROP TABLE central.client_secrets;

DELETE FROM central.auth_connectors WHERE kind = 'oauth2';

ALTER TABLE central.auth_connectors
    DROP CONSTRAINT ck_auth_connectors_kind,
    ADD CONSTRAINT ck_auth_connectors_kind CHECK (kind IN ('oidc', 'email_code')),
    DROP COLUMN settings_version,
    DROP COLUMN tested_version,
    DROP COLUMN tested_at,
    DROP COLUMN default_roles,
    DROP COLUMN attribute_claims,
    DROP COLUMN group_claim,
    DROP COLUMN group_roles
"""


def upgrade() -> None:
    for statement in UP.split(";\n\n"):
        op.execute(statement)
    for table in ("client_secrets", "connector_tests"):
        enable_rls(op, table)


def downgrade() -> None:
    for statement in DOWN.split(";\n\n"):
        op.execute(statement)
