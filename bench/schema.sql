-- What the three requests touch, as in Central's tables.py; without row-level security, which no peer has.
CREATE SCHEMA central;
SET search_path = central;

CREATE TABLE tenants (
    id uuid PRIMARY KEY,
    slug text NOT NULL,
    name text NOT NULL,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1
);
CREATE INDEX ix_tenants_created_at_id ON tenants (created_at, id);
CREATE UNIQUE INDEX uq_tenants_slug ON tenants (slug);

CREATE TABLE tenant_slugs (
    slug text PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    skeleton text NOT NULL,
    claims_skeleton boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_tenant_slugs_tenant_id ON tenant_slugs (tenant_id);
CREATE UNIQUE INDEX uq_tenant_slugs_skeleton ON tenant_slugs (skeleton) WHERE claims_skeleton;

CREATE TABLE users (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    email text NOT NULL,
    email_verified boolean NOT NULL DEFAULT false,
    display_name text NOT NULL,
    roles text[] NOT NULL CHECK (roles <@ ARRAY['owner', 'admin', 'member'] AND cardinality(roles) > 0),
    system_permissions text[] NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    last_sign_in_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX uq_users_email ON users (tenant_id, lower(email));
CREATE INDEX ix_users_created_at ON users (tenant_id, created_at, id);
CREATE INDEX ix_users_display_name ON users (tenant_id, display_name, id);
CREATE INDEX ix_users_owners ON users (tenant_id) WHERE 'owner' = ANY (roles);

CREATE TABLE auth_connectors (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('oidc', 'email_code')),
    name text NOT NULL,
    enabled boolean NOT NULL,
    settings jsonb NOT NULL,
    client_secret bytea,
    just_in_time boolean NOT NULL,
    allowed_domains text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX uq_auth_connectors_name ON auth_connectors (tenant_id, lower(name));
CREATE UNIQUE INDEX uq_auth_connectors_email_code ON auth_connectors (tenant_id) WHERE kind = 'email_code';
CREATE INDEX ix_auth_connectors_created_at ON auth_connectors (tenant_id, created_at, id);

CREATE TABLE sessions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    connector_id uuid,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    idle_seconds integer NOT NULL,
    ended_at timestamptz,
    ended_reason text,
    ended_by uuid,
    address text,
    user_agent text,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, connector_id) REFERENCES auth_connectors (tenant_id, id)
        ON DELETE SET NULL (connector_id)
);
CREATE INDEX ix_sessions_user ON sessions (tenant_id, user_id, created_at, id);
CREATE INDEX ix_sessions_connector ON sessions (tenant_id, connector_id);
CREATE UNIQUE INDEX uq_sessions_token_hash ON sessions (token_hash);

CREATE TABLE outbox (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    dispatched_at timestamptz
);
CREATE INDEX ix_outbox_pending ON outbox (created_at) WHERE dispatched_at IS NULL;
