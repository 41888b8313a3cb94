_ROLES = """ARRAY(
    SELECT g.role FROM central.user_roles g
    WHERE g.tenant_id = u.tenant_id AND g.user_id = u.id AND (g.expires_at IS NULL OR g.expires_at > now())
    ORDER BY g.role
) AS roles"""

_LIVE = """
FROM central.sessions s
JOIN central.users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
JOIN central.tenants t ON t.id = s.tenant_id
WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > now()
  AND s.created_at + make_interval(secs => CASE
        WHEN s.powerful THEN least(86400, t.admin_lifetime_seconds)
        ELSE least(2592000, t.member_lifetime_seconds) END) > now()
  AND s.last_used_at + make_interval(secs => least(s.idle_seconds, CASE
        WHEN s.powerful THEN least(3600, t.admin_idle_seconds)
        ELSE least(604800, t.member_idle_seconds) END)) > now()
  AND u.state = 'active' AND t.state = 'active' AND s.impersonator_id IS NULL
"""

SESSION = f"SELECT t.id AS tenant_id, t.slug, u.id AS user_id, {_ROLES} {_LIVE}"

ME = f"""
SELECT t.slug, u.tenant_id, u.id, u.email, u.email_verified, u.display_name, {_ROLES}, u.system_permissions, u.state,
       u.created_at, u.updated_at, u.last_sign_in_at, u.version, u.locale, u.time_zone
{_LIVE}
"""

_PLAIN = """u.id, u.email, u.email_verified, u.display_name, u.state, u.created_at, u.updated_at, u.disabled_at,
            u.last_sign_in_at, u.version, u.locale, u.time_zone, u.tags, u.attributes, u.avatar"""

_USER = f"""{_PLAIN}, {_ROLES}, coalesce((
    SELECT jsonb_object_agg(x.source, x.external_id) FROM central.user_external_ids x
    WHERE x.tenant_id = u.tenant_id AND x.user_id = u.id
), '{{}}') AS external_ids"""

FIRST_PAGE = f"SELECT {_USER} FROM central.users u WHERE u.tenant_id = $1 ORDER BY u.created_at, u.id LIMIT $2"

NEXT_PAGE = f"""
SELECT {_USER} FROM central.users u WHERE u.tenant_id = $1 AND (u.created_at, u.id) > ($3, $4)
ORDER BY u.created_at, u.id LIMIT $2
"""

CREATE = f"""
WITH u AS (
    INSERT INTO central.users AS u (tenant_id, id, email, display_name) VALUES ($1, $2, $3, $4)
    RETURNING {_PLAIN}
), addressed AS (
    INSERT INTO central.user_emails (tenant_id, id, user_id, email) VALUES ($1, $8, $2, $3)
), granted AS (
    INSERT INTO central.user_roles (tenant_id, user_id, role, granted_by) SELECT $1, $2, unnest($5::text[]), $9
), told AS (
    INSERT INTO central.outbox (tenant_id, id, kind, payload) VALUES ($1, $6, 'user.created', $7)
)
SELECT * FROM u
"""
