"""Lifetimes of sessions that a tenant shortens; who impersonates, from which session; addresses as addresses.

The tenant's lifetimes are columns of `tenants`, since the look-up of a session reads that row anyway: a table of their
own would cost it a quarter more.
"""

from alembic import op

from central_server.infra.db.rls import platform_function

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

TENANTS = """
ALTER TABLE central.tenants
    ADD COLUMN member_idle_seconds INTEGER,
    ADD COLUMN member_lifetime_seconds INTEGER,
    ADD COLUMN admin_idle_seconds INTEGER,
    ADD COLUMN admin_lifetime_seconds INTEGER;
GRANT UPDATE (member_idle_seconds, member_lifetime_seconds, admin_idle_seconds, admin_lifetime_seconds)
    ON central.tenants TO central_app, central_platform
"""

# Who impersonated whom is kept when they are deleted, as is who ended a session: neither is a foreign key.
SESSIONS = """
ALTER TABLE central.sessions
    DROP CONSTRAINT fk_sessions_tenant_id_impersonator_id_users,
    ADD COLUMN powerful BOOLEAN DEFAULT false NOT NULL,
    ADD COLUMN impersonator_session_id UUID,
    ALTER COLUMN address TYPE INET USING CASE WHEN pg_input_is_valid(address, 'inet') THEN address::inet END;
DROP INDEX central.ix_sessions_impersonator;
CREATE INDEX ix_sessions_impersonator_session ON central.sessions (tenant_id, impersonator_session_id)
    WHERE impersonator_session_id IS NOT NULL;
CREATE INDEX ix_sessions_created_at ON central.sessions (tenant_id, created_at, id);
CREATE INDEX ix_sessions_address ON central.sessions (tenant_id, address)
"""

# Nobody could impersonate before.
POWERFUL = """
UPDATE central.sessions s SET powerful = true
FROM central.users u
WHERE u.tenant_id = s.tenant_id AND u.id = s.user_id
    AND (u.system_permissions <> '{}' OR EXISTS (
        SELECT FROM central.user_roles g
        JOIN central.roles r ON r.tenant_id = g.tenant_id AND r.slug = g.role
        WHERE g.tenant_id = u.tenant_id AND g.user_id = u.id
            AND (r.slug IN ('owner', 'admin') OR EXISTS (
                SELECT FROM unnest(r.permissions) AS permission WHERE permission NOT LIKE '%\\:read'
            ))
    ))
"""

SESSION_POLICY = """
CREATE FUNCTION central.session_policy(of_tenant uuid)
RETURNS TABLE (member_idle integer, member_lifetime integer, admin_idle integer, admin_lifetime integer)
LANGUAGE sql STABLE ROWS 1
AS $$
    SELECT member_idle_seconds, member_lifetime_seconds, admin_idle_seconds, admin_lifetime_seconds
    FROM central.tenants WHERE id = of_tenant
$$
"""


def _capped(column: str, session: str) -> str:
    """Give the shorter of the server's and the tenant's lifetime for a session's kind of user."""
    return (
        f"CASE WHEN {session}.powerful THEN least(admin_{column}, t.admin_{column}_seconds) "
        f"ELSE least(member_{column}, t.member_{column}_seconds) END"
    )


def _not_ended(session: str) -> str:
    return f"""{session}.ended_at IS NULL
        AND {session}.expires_at > now()
        AND {session}.created_at + make_interval(secs => {_capped("lifetime", session)}) > now()"""


def _roles_of(user: str) -> str:
    """Give the roles that somebody holds now."""
    return f"""LATERAL (
        SELECT ARRAY(
            SELECT g.role FROM central.user_roles g
            WHERE g.tenant_id = s.tenant_id AND g.user_id = {user}
                AND (g.expires_at IS NULL OR g.expires_at > now())
            ORDER BY g.role
        ) AS roles OFFSET 0
    )"""  # noqa: S608 (all of it is written here)


def _granted_by(roles: str) -> str:
    """Give what those among the roles allow that are not built in."""
    return f"""CASE WHEN {roles} <@ ARRAY['owner', 'admin', 'member'] THEN ARRAY[]::text[] ELSE ARRAY(
            SELECT DISTINCT permission
            FROM central.roles r CROSS JOIN unnest(r.permissions) AS permission
            WHERE r.tenant_id = s.tenant_id AND r.slug = ANY ({roles})
            ORDER BY permission
        ) END"""  # noqa: S608 (as above)


def _find(fresh: str, impersonator: str, joins: str = "") -> str:
    return f"""SELECT
        s.tenant_id, s.id, t.slug, s.user_id,
        s.last_used_at < now() - interval '1 minute',
        {fresh},
        {impersonator},
        u.email, u.email_verified, u.display_name, u.locale, u.time_zone,
        held.roles,
        {_granted_by("held.roles")},
        u.system_permissions, u.state, u.created_at, u.updated_at, u.last_sign_in_at, u.version
    FROM central.sessions s
    JOIN central.users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id AND u.state = 'active'
    JOIN central.tenants t ON t.id = s.tenant_id AND t.state = 'active'
    {joins}
    CROSS JOIN {_roles_of("s.user_id")} AS held
    WHERE s.token_hash = hash
        AND {_not_ended("s")}
        AND s.last_used_at + make_interval(secs => least(s.idle_seconds, {_capped("idle", "s")})) > now()"""  # noqa: S608 (as above)


_OWN = _find("s.authenticated_at > now() - interval '10 minutes'", "NULL::uuid, NULL::text, NULL::text[], NULL::text[]")
_IMPERSONATED = _find(
    "false",
    f"s.impersonator_id, i.display_name, theirs.roles, {_granted_by('theirs.roles')}",
    f"""JOIN central.users i ON i.tenant_id = s.tenant_id AND i.id = s.impersonator_id AND i.state = 'active'
    JOIN central.sessions o ON o.tenant_id = s.tenant_id AND o.id = s.impersonator_session_id
        AND o.user_id = s.impersonator_id AND o.impersonator_id IS NULL
        AND {_not_ended("o")}
    CROSS JOIN {_roles_of("s.impersonator_id")} AS theirs""",
)

FIND_SESSION = f"""
CREATE FUNCTION central.find_session(
    hash bytea, member_idle integer, member_lifetime integer, admin_idle integer, admin_lifetime integer
)
RETURNS TABLE (
    tenant_id uuid,
    session_id uuid,
    tenant_slug text,
    user_id uuid,
    touch_due boolean,
    is_fresh boolean,
    impersonator_id uuid,
    impersonator_name text,
    impersonator_roles text[],
    impersonator_granted text[],
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
    RETURN QUERY {_OWN}
        AND s.impersonator_id IS NULL;
    IF NOT FOUND THEN
        -- Apart, since what it joins would cost every other look-up.
        RETURN QUERY {_IMPERSONATED}
        AND s.impersonator_id IS NOT NULL;
    END IF;
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

BACK = """
DROP INDEX central.ix_sessions_address;
DROP INDEX central.ix_sessions_created_at;
DROP INDEX central.ix_sessions_impersonator_session;
ALTER TABLE central.sessions
    DROP COLUMN powerful,
    DROP COLUMN impersonator_session_id,
    ALTER COLUMN address TYPE TEXT USING host(address),
    ADD CONSTRAINT fk_sessions_tenant_id_impersonator_id_users
        FOREIGN KEY (tenant_id, impersonator_id) REFERENCES central.users (tenant_id, id) ON DELETE CASCADE;
CREATE INDEX ix_sessions_impersonator ON central.sessions (tenant_id, impersonator_id);
ALTER TABLE central.tenants
    DROP COLUMN member_idle_seconds,
    DROP COLUMN member_lifetime_seconds,
    DROP COLUMN admin_idle_seconds,
    DROP COLUMN admin_lifetime_seconds
"""

SIGNATURE = "find_session(bytea, integer, integer, integer, integer)"
FORMER_SIGNATURE = "find_session(bytea)"


def _run(statements: str) -> None:
    for statement in statements.split(";\n"):
        op.execute(statement)


def _replace(former: str, signature: str, definition: str) -> None:
    op.execute(f"DROP FUNCTION central.{former}")
    op.execute(definition)
    platform_function(op, signature)


def _as_platform(statement: str) -> None:
    """Change the rows of all tenants: of its own tables, the owner sees none (row-level security is forced)."""
    op.execute("SET LOCAL ROLE central_platform")
    op.execute(statement)
    op.execute("RESET ROLE")


def upgrade() -> None:
    _run(TENANTS)
    _run(SESSIONS)
    _as_platform(POWERFUL)
    op.execute(SESSION_POLICY)
    _replace(FORMER_SIGNATURE, SIGNATURE, FIND_SESSION)


def downgrade() -> None:
    # The former look-up knows no limits for somebody who acts in another's name.
    _as_platform("DELETE FROM central.sessions WHERE impersonator_id IS NOT NULL")
    _replace(SIGNATURE, FORMER_SIGNATURE, FORMER_FIND_SESSION)
    op.execute("DROP FUNCTION central.session_policy(uuid)")
    _run(BACK)
