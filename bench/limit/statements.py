_LIVE = """
FROM central.sessions s
JOIN central.users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
JOIN central.tenants t ON t.id = s.tenant_id
WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > now()
  AND s.last_used_at + s.idle_seconds * interval '1 second' > now()
  AND u.state = 'active' AND t.state = 'active'
"""

SESSION = f"SELECT t.id AS tenant_id, t.slug, u.id AS user_id, u.roles {_LIVE}"

ME = f"""
SELECT t.slug, u.tenant_id, u.id, u.email, u.email_verified, u.display_name, u.roles, u.system_permissions, u.state,
       u.created_at, u.updated_at, u.last_sign_in_at, u.version
{_LIVE}
"""

_USER = """id, email, email_verified, display_name, roles, state, created_at, updated_at, disabled_at,
           last_sign_in_at, version"""

FIRST_PAGE = f"SELECT {_USER} FROM central.users WHERE tenant_id = $1 ORDER BY created_at, id LIMIT $2"

NEXT_PAGE = f"""
SELECT {_USER} FROM central.users WHERE tenant_id = $1 AND (created_at, id) > ($3, $4)
ORDER BY created_at, id LIMIT $2
"""

CREATE = f"""
WITH made AS (
    INSERT INTO central.users (tenant_id, id, email, display_name, roles) VALUES ($1, $2, $3, $4, $5)
    RETURNING {_USER}
), told AS (
    INSERT INTO central.outbox (tenant_id, id, kind, payload) VALUES ($1, $6, 'user.created', $7)
)
SELECT * FROM made
"""
