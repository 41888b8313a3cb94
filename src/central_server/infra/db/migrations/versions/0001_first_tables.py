"""The first tables: tenants, users, connectors, sign-ins, sessions, idempotency keys and the outbox."""

from alembic import op

from central_server.infra.db.rls import enable_rls, platform_function

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE central.outbox (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    kind TEXT NOT NULL,
    payload JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    state VARCHAR(64) DEFAULT 'pending' NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    next_attempt_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    dispatched_at TIMESTAMP WITH TIME ZONE,
    done_at TIMESTAMP WITH TIME ZONE,
    last_error TEXT,
    CONSTRAINT pk_outbox PRIMARY KEY (id)
);

CREATE INDEX ix_outbox_due ON central.outbox (next_attempt_at) WHERE state IN ('pending', 'dispatched');

CREATE TABLE central.tenants (
    id UUID NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT DEFAULT 'active' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT pk_tenants PRIMARY KEY (id),
    CONSTRAINT ck_tenants_state CHECK (state IN ('active', 'suspended'))
);

CREATE INDEX ix_tenants_created_at_id ON central.tenants (created_at, id);
CREATE UNIQUE INDEX uq_tenants_slug ON central.tenants (slug);

CREATE TABLE central.auth_connectors (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    settings JSONB NOT NULL,
    client_secret BYTEA,
    just_in_time BOOLEAN NOT NULL,
    allowed_domains TEXT[] NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT pk_auth_connectors PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_auth_connectors_kind CHECK (kind IN ('oidc', 'email_code')),
    CONSTRAINT fk_auth_connectors_tenant_id_tenants
        FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_auth_connectors_created_at ON central.auth_connectors (tenant_id, created_at, id);
CREATE UNIQUE INDEX uq_auth_connectors_email_code ON central.auth_connectors (tenant_id) WHERE kind = 'email_code';
CREATE UNIQUE INDEX uq_auth_connectors_name ON central.auth_connectors (tenant_id, lower(name));

CREATE TABLE central.tenant_slugs (
    slug TEXT NOT NULL,
    tenant_id UUID NOT NULL,
    skeleton TEXT NOT NULL,
    claims_skeleton BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_tenant_slugs PRIMARY KEY (slug),
    CONSTRAINT fk_tenant_slugs_tenant_id_tenants
        FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_tenant_slugs_tenant_id ON central.tenant_slugs (tenant_id);
CREATE UNIQUE INDEX uq_tenant_slugs_skeleton ON central.tenant_slugs (skeleton) WHERE claims_skeleton;

CREATE TABLE central.users (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    email TEXT NOT NULL,
    email_verified BOOLEAN DEFAULT false NOT NULL,
    display_name TEXT NOT NULL,
    roles TEXT[] NOT NULL,
    system_permissions TEXT[] DEFAULT '{}' NOT NULL,
    state TEXT DEFAULT 'active' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    disabled_at TIMESTAMP WITH TIME ZONE,
    last_sign_in_at TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT pk_users PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_users_state CHECK (state IN ('active', 'disabled')),
    CONSTRAINT ck_users_roles CHECK (roles <@ ARRAY['owner', 'admin', 'member'] AND cardinality(roles) > 0),
    CONSTRAINT fk_users_tenant_id_tenants
        FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_users_created_at ON central.users (tenant_id, created_at, id);
CREATE INDEX ix_users_display_name ON central.users (tenant_id, display_name, id);
CREATE INDEX ix_users_owners ON central.users (tenant_id) WHERE 'owner' = ANY (roles);
CREATE UNIQUE INDEX uq_users_email ON central.users (tenant_id, lower(email));

CREATE TABLE central.email_codes (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connector_id UUID NOT NULL,
    email TEXT NOT NULL,
    code_mac BYTEA NOT NULL,
    code BYTEA,
    binding_hash BYTEA NOT NULL,
    address TEXT,
    attempts INTEGER DEFAULT 0 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_email_codes PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_email_codes_tenant_id_connector_id_auth_connectors
        FOREIGN KEY(tenant_id, connector_id) REFERENCES central.auth_connectors (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_email_codes_tenant_id_tenants
        FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE
);

CREATE INDEX ix_email_codes_connector ON central.email_codes (tenant_id, connector_id);
CREATE INDEX ix_email_codes_email ON central.email_codes (tenant_id, lower(email), created_at);

CREATE TABLE central.idempotency_keys (
    tenant_id UUID NOT NULL,
    user_id UUID NOT NULL,
    key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    status INTEGER,
    body BYTEA,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (tenant_id, user_id, key),
    CONSTRAINT fk_idempotency_keys_tenant_id_user_id_users
        FOREIGN KEY(tenant_id, user_id) REFERENCES central.users (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_idempotency_keys_created_at ON central.idempotency_keys (created_at);

CREATE TABLE central.identities (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    connector_id UUID NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_identities PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_identities_subject UNIQUE (tenant_id, connector_id, issuer, subject),
    CONSTRAINT uq_identities_user UNIQUE (tenant_id, connector_id, user_id),
    CONSTRAINT fk_identities_tenant_id_user_id_users
        FOREIGN KEY(tenant_id, user_id) REFERENCES central.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_identities_tenant_id_connector_id_auth_connectors
        FOREIGN KEY(tenant_id, connector_id) REFERENCES central.auth_connectors (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE central.login_transactions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    connector_id UUID NOT NULL,
    issuer TEXT NOT NULL,
    state_hash BYTEA NOT NULL,
    nonce TEXT NOT NULL,
    verifier BYTEA NOT NULL,
    binding_hash BYTEA NOT NULL,
    return_to TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_login_transactions PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_login_transactions_tenant_id_connector_id_auth_connectors
        FOREIGN KEY(tenant_id, connector_id) REFERENCES central.auth_connectors (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_login_transactions_connector ON central.login_transactions (tenant_id, connector_id);

CREATE TABLE central.sessions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    connector_id UUID,
    token_hash BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    idle_seconds INTEGER NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    ended_reason TEXT,
    ended_by UUID,
    address TEXT,
    user_agent TEXT,
    CONSTRAINT pk_sessions PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_sessions_tenant_id_user_id_users
        FOREIGN KEY(tenant_id, user_id) REFERENCES central.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_sessions_tenant_id_connector_id_auth_connectors
        FOREIGN KEY(tenant_id, connector_id) REFERENCES central.auth_connectors (tenant_id, id)
        ON DELETE SET NULL (connector_id)
);

CREATE INDEX ix_sessions_connector ON central.sessions (tenant_id, connector_id);
CREATE INDEX ix_sessions_user ON central.sessions (tenant_id, user_id, created_at, id);
CREATE UNIQUE INDEX uq_sessions_token_hash ON central.sessions (token_hash);
"""

# Column privileges are a third wall: the application's role cannot make operators, suspend tenants,
# or change what happened.
PRIVILEGES = {
    "tenants": "SELECT, INSERT (id, slug, name), UPDATE (slug, name, version, updated_at)",
    "tenant_slugs": "SELECT, INSERT",
    "outbox": "SELECT, INSERT (id, tenant_id, kind, payload), UPDATE (state, done_at)",
    "users": (
        "SELECT, DELETE, INSERT (tenant_id, id, email, email_verified, display_name, roles), "
        "UPDATE (email, email_verified, display_name, roles, state, version, updated_at, disabled_at, last_sign_in_at)"
    ),
}
ALL_PRIVILEGES = "SELECT, INSERT, UPDATE, DELETE"
WALLED = (
    "tenant_slugs",
    "users",
    "auth_connectors",
    "identities",
    "login_transactions",
    "email_codes",
    "sessions",
    "idempotency_keys",
    "outbox",
)

RESOLVE_TENANT = """
CREATE FUNCTION central.resolve_tenant(ref_id uuid, ref_slug text)
RETURNS SETOF central.tenants
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ''
AS $$
BEGIN
    IF ref_id IS NULL THEN
        SELECT s.tenant_id INTO ref_id FROM central.tenant_slugs s WHERE s.slug = ref_slug;
    END IF;
    RETURN QUERY SELECT t.* FROM central.tenants t WHERE t.id = ref_id;
END $$
"""

FIND_SESSION = """
CREATE FUNCTION central.find_session(hash bytea)
RETURNS TABLE (
    tenant_id uuid,
    session_id uuid,
    tenant_slug text,
    user_id uuid,
    touch_due boolean,
    email text,
    email_verified boolean,
    display_name text,
    roles text[],
    system_permissions text[],
    state text,
    created_at timestamptz,
    updated_at timestamptz,
    last_sign_in_at timestamptz,
    version integer
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' ROWS 1
AS $$
BEGIN
    RETURN QUERY
    SELECT
        s.tenant_id, s.id, t.slug, s.user_id, s.last_used_at < now() - interval '1 minute',
        u.email, u.email_verified, u.display_name, u.roles, u.system_permissions, u.state,
        u.created_at, u.updated_at, u.last_sign_in_at, u.version
    FROM central.sessions s
    JOIN central.users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id AND u.state = 'active'
    JOIN central.tenants t ON t.id = s.tenant_id AND t.state = 'active'
    WHERE s.token_hash = hash
        AND s.ended_at IS NULL
        AND s.expires_at > now()
        AND s.last_used_at + make_interval(secs => s.idle_seconds) > now();
END $$
"""

TOUCH_SESSIONS = """
CREATE FUNCTION central.touch_sessions(tenants uuid[], ids uuid[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE touched integer;
BEGIN
    UPDATE central.sessions s SET last_used_at = now()
    FROM (
        SELECT l.tenant_id, l.id
        FROM central.sessions l
        JOIN unnest(tenants, ids) AS used (tenant_id, id) ON l.tenant_id = used.tenant_id AND l.id = used.id
        WHERE l.ended_at IS NULL
        FOR NO KEY UPDATE OF l SKIP LOCKED
    ) AS free
    WHERE s.tenant_id = free.tenant_id AND s.id = free.id;
    GET DIAGNOSTICS touched = ROW_COUNT;
    RETURN touched;
END $$
"""

FUNCTIONS = {
    "resolve_tenant(uuid, text)": RESOLVE_TENANT,
    "find_session(bytea)": FIND_SESSION,
    "touch_sessions(uuid[], uuid[])": TOUCH_SESSIONS,
}


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    enable_rls(op, "tenants", "id", privileges=PRIVILEGES["tenants"])
    for table in WALLED:
        enable_rls(op, table, privileges=PRIVILEGES.get(table, ALL_PRIVILEGES))
    op.execute("GRANT UPDATE (state) ON central.tenants TO central_platform")
    op.execute("GRANT UPDATE, DELETE ON central.outbox TO central_platform")
    op.execute("GRANT UPDATE (system_permissions) ON central.users TO central_platform")
    op.execute("GRANT SELECT ON central.alembic_version TO central_app")
    for signature, definition in FUNCTIONS.items():
        op.execute(definition)
        platform_function(op, signature)


def downgrade() -> None:
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION central.{signature}")
    for table in (*reversed(WALLED), "tenants"):
        op.execute(f"DROP TABLE central.{table} CASCADE")
