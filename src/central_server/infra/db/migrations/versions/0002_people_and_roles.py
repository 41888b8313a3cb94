"""Several addresses, external ids, tags and attributes for people; roles as rows; how fresh sessions are.

A user's primary address stands in `users`, held equal to one of `user_emails` by a foreign key: there is always exactly
one, and reading a user joins nothing.
"""

from alembic import op

from central_server.infra.db.rls import enable_rls, platform_function

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE central.roles (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    permissions TEXT[] NOT NULL,
    built_in BOOLEAN DEFAULT false NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT pk_roles PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_roles_slug UNIQUE (tenant_id, slug),
    CONSTRAINT fk_roles_tenant_id_tenants FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE
);

CREATE TABLE central.user_emails (
    tenant_id UUID NOT NULL,
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    user_id UUID NOT NULL,
    email TEXT NOT NULL,
    verified BOOLEAN DEFAULT false NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    verified_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_user_emails PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_user_emails_primary UNIQUE (tenant_id, user_id, email, verified),
    CONSTRAINT fk_user_emails_tenant_id_user_id_users
        FOREIGN KEY(tenant_id, user_id) REFERENCES central.users (tenant_id, id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_user_emails_email ON central.user_emails (tenant_id, lower(email));

CREATE TABLE central.user_external_ids (
    tenant_id UUID NOT NULL,
    user_id UUID NOT NULL,
    source TEXT NOT NULL,
    external_id TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_user_external_ids PRIMARY KEY (tenant_id, user_id, source),
    CONSTRAINT uq_user_external_ids_value UNIQUE (tenant_id, source, external_id),
    CONSTRAINT fk_user_external_ids_tenant_id_user_id_users
        FOREIGN KEY(tenant_id, user_id) REFERENCES central.users (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE central.user_roles (
    tenant_id UUID NOT NULL,
    user_id UUID NOT NULL,
    role TEXT NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    connector_id UUID,
    granted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    granted_by UUID,
    CONSTRAINT pk_user_roles PRIMARY KEY (tenant_id, user_id, role),
    CONSTRAINT fk_user_roles_tenant_id_user_id_users
        FOREIGN KEY(tenant_id, user_id) REFERENCES central.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_user_roles_tenant_id_role_roles
        FOREIGN KEY(tenant_id, role) REFERENCES central.roles (tenant_id, slug),
    CONSTRAINT fk_user_roles_tenant_id_connector_id_auth_connectors
        FOREIGN KEY(tenant_id, connector_id) REFERENCES central.auth_connectors (tenant_id, id) ON DELETE CASCADE
);

CREATE INDEX ix_user_roles_role ON central.user_roles (tenant_id, role);
CREATE INDEX ix_user_roles_connector ON central.user_roles (tenant_id, connector_id)
"""

MOVE = """
INSERT INTO central.roles (tenant_id, id, slug, name, permissions, built_in)
SELECT t.id, gen_random_uuid(), r.slug, r.name, '{}', true
FROM central.tenants t
CROSS JOIN (VALUES ('owner', 'Owner'), ('admin', 'Administrator'), ('member', 'Member')) AS r (slug, name);

INSERT INTO central.user_emails (tenant_id, user_id, email, verified, created_at, verified_at)
SELECT tenant_id, id, email, email_verified, created_at, CASE WHEN email_verified THEN updated_at END
FROM central.users;

INSERT INTO central.user_roles (tenant_id, user_id, role, granted_at)
SELECT DISTINCT tenant_id, id, unnest(roles), created_at FROM central.users
"""

USERS = """
ALTER TABLE central.users
    DROP COLUMN roles,
    ADD COLUMN locale TEXT,
    ADD COLUMN time_zone TEXT,
    ADD COLUMN tags JSONB DEFAULT '{}' NOT NULL,
    ADD COLUMN attributes JSONB DEFAULT '{}' NOT NULL,
    ADD CONSTRAINT fk_users_primary_email FOREIGN KEY (tenant_id, id, email, email_verified)
        REFERENCES central.user_emails (tenant_id, user_id, email, verified)
        ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED;
DROP INDEX central.uq_users_email;
CREATE INDEX ix_users_email ON central.users (tenant_id, lower(email), id);
CREATE INDEX ix_users_last_sign_in_at ON central.users (
    tenant_id, COALESCE(last_sign_in_at, to_timestamp(0)), id
);
CREATE INDEX ix_users_tags ON central.users USING gin (tags jsonb_path_ops);
CREATE INDEX ix_users_attributes ON central.users USING gin (attributes jsonb_path_ops);
GRANT INSERT (locale, time_zone, tags, attributes), UPDATE (locale, time_zone, tags, attributes)
    ON central.users TO central_app, central_platform
"""

SESSIONS = """
ALTER TABLE central.sessions
    ADD COLUMN authenticated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ADD COLUMN impersonator_id UUID,
    ADD COLUMN impersonation_reason TEXT,
    ADD CONSTRAINT fk_sessions_tenant_id_impersonator_id_users
        FOREIGN KEY (tenant_id, impersonator_id) REFERENCES central.users (tenant_id, id) ON DELETE CASCADE;
CREATE INDEX ix_sessions_impersonator ON central.sessions (tenant_id, impersonator_id);
ALTER TABLE central.identities
    ADD COLUMN profile BYTEA,
    ADD COLUMN seen_at TIMESTAMP WITH TIME ZONE
"""

FIND_SESSION = """
CREATE FUNCTION central.find_session(hash bytea)
RETURNS TABLE (
    tenant_id uuid,
    session_id uuid,
    tenant_slug text,
    user_id uuid,
    touch_due boolean,
    is_fresh boolean,
    impersonator_id uuid,
    email text,
    email_verified boolean,
    display_name text,
    locale text,
    time_zone text,
    roles text[],
    granted text[],
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
        s.tenant_id, s.id, t.slug, s.user_id,
        s.last_used_at < now() - interval '1 minute',
        s.authenticated_at > now() - interval '10 minutes',
        s.impersonator_id,
        u.email, u.email_verified, u.display_name, u.locale, u.time_zone,
        held.roles,
        CASE WHEN held.roles <@ ARRAY['owner', 'admin', 'member'] THEN ARRAY[]::text[] ELSE ARRAY(
            SELECT DISTINCT permission
            FROM central.roles r CROSS JOIN unnest(r.permissions) AS permission
            WHERE r.tenant_id = s.tenant_id AND r.slug = ANY (held.roles)
            ORDER BY permission
        ) END,
        u.system_permissions, u.state, u.created_at, u.updated_at, u.last_sign_in_at, u.version
    FROM central.sessions s
    JOIN central.users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id AND u.state = 'active'
    JOIN central.tenants t ON t.id = s.tenant_id AND t.state = 'active'
    CROSS JOIN LATERAL (
        SELECT ARRAY(
            SELECT g.role FROM central.user_roles g
            WHERE g.tenant_id = s.tenant_id AND g.user_id = s.user_id
                AND (g.expires_at IS NULL OR g.expires_at > now())
            ORDER BY g.role
        ) AS roles OFFSET 0
    ) AS held
    WHERE s.token_hash = hash
        AND s.ended_at IS NULL
        AND s.expires_at > now()
        AND s.last_used_at + make_interval(secs => s.idle_seconds) > now()
        AND (s.impersonator_id IS NULL OR EXISTS (
            SELECT FROM central.users i
            WHERE i.tenant_id = s.tenant_id AND i.id = s.impersonator_id AND i.state = 'active'
        ));
END $$
"""

FORMER_FIND_SESSION = """
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

BACK = """
DROP INDEX central.ix_sessions_impersonator;
ALTER TABLE central.sessions
    DROP COLUMN authenticated_at, DROP COLUMN impersonator_id, DROP COLUMN impersonation_reason;
ALTER TABLE central.identities DROP COLUMN profile, DROP COLUMN seen_at;
ALTER TABLE central.users DROP CONSTRAINT fk_users_primary_email, ADD COLUMN roles TEXT[] DEFAULT '{member}' NOT NULL;
GRANT INSERT (roles), UPDATE (roles) ON central.users TO central_app, central_platform
"""

MOVE_BACK = """
UPDATE central.users u SET roles = coalesce(
    (SELECT array_agg(g.role) FROM central.user_roles g
     WHERE g.tenant_id = u.tenant_id AND g.user_id = u.id AND g.role IN ('owner', 'admin', 'member')
        AND (g.expires_at IS NULL OR g.expires_at > now())),
    '{member}'
)
"""

BACK_TO_THE_FIRST = """
ALTER TABLE central.users
    ALTER COLUMN roles DROP DEFAULT,
    ADD CONSTRAINT ck_users_roles CHECK (roles <@ ARRAY['owner', 'admin', 'member'] AND cardinality(roles) > 0),
    DROP COLUMN locale, DROP COLUMN time_zone, DROP COLUMN tags, DROP COLUMN attributes;
DROP INDEX central.ix_users_email;
DROP INDEX central.ix_users_last_sign_in_at;
CREATE INDEX ix_users_owners ON central.users (tenant_id) WHERE 'owner' = ANY (roles);
CREATE UNIQUE INDEX uq_users_email ON central.users (tenant_id, lower(email));
DROP TABLE central.user_roles;
DROP TABLE central.user_external_ids;
DROP TABLE central.user_emails;
DROP TABLE central.roles
"""

WALLED = ("roles", "user_emails", "user_external_ids", "user_roles")
FUNCTION = "find_session(bytea)"


def _run(statements: str) -> None:
    for statement in statements.split(";\n"):
        op.execute(statement)


def _replace_find_session(definition: str) -> None:
    op.execute(f"DROP FUNCTION central.{FUNCTION}")
    op.execute(definition)
    platform_function(op, FUNCTION)


def _as_platform(statements: str) -> None:
    """Change the rows of all tenants: of its own tables, the owner sees none (row-level security is forced)."""
    op.execute("SET LOCAL ROLE central_platform")
    _run(statements)
    op.execute("RESET ROLE")


def upgrade() -> None:
    _run(TABLES)
    for table in WALLED:
        enable_rls(op, table)
    _as_platform(MOVE)
    _run(USERS)
    _run(SESSIONS)
    _as_platform("UPDATE central.sessions SET authenticated_at = created_at")
    _replace_find_session(FIND_SESSION)


def downgrade() -> None:
    _run(BACK)
    _as_platform(MOVE_BACK)
    _run(BACK_TO_THE_FIRST)
    _replace_find_session(FORMER_FIND_SESSION)
