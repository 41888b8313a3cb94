"""Times of last use are written of sessions that have not ended only, whatever ended them."""

from alembic import op

from central_server.infra.db.rls import platform_function

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

FORMER_SIGNATURE = "touch_sessions(uuid[], uuid[])"
SIGNATURE = "touch_sessions(uuid[], uuid[], integer, integer, integer, integer)"


def _touch(parameters: str, joins: str, live: str) -> str:
    return f"""
CREATE FUNCTION central.touch_sessions({parameters}) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE touched integer;
BEGIN
    UPDATE central.sessions s SET last_used_at = now()
    FROM (
        SELECT l.tenant_id, l.id
        FROM central.sessions l
        JOIN unnest(tenants, ids) AS used (tenant_id, id) ON l.tenant_id = used.tenant_id AND l.id = used.id
        {joins}
        WHERE l.ended_at IS NULL {live}
        FOR NO KEY UPDATE OF l SKIP LOCKED
    ) AS free
    WHERE s.tenant_id = free.tenant_id AND s.id = free.id;
    GET DIAGNOSTICS touched = ROW_COUNT;
    RETURN touched;
END $$
"""  # noqa: S608 (all of it is written here)


def _capped(column: str) -> str:
    """Give the shorter of the server's and the tenant's lifetime for a session's kind of user."""
    return (
        f"CASE WHEN l.powerful THEN least(admin_{column}, t.admin_{column}_seconds) "
        f"ELSE least(member_{column}, t.member_{column}_seconds) END"
    )


TOUCH = _touch(
    "tenants uuid[], ids uuid[], "
    "member_idle integer, member_lifetime integer, admin_idle integer, admin_lifetime integer",
    "JOIN central.tenants t ON t.id = l.tenant_id",
    f"""AND l.expires_at > now()
            AND l.created_at + make_interval(secs => {_capped("lifetime")}) > now()
            AND l.last_used_at + make_interval(secs => least(l.idle_seconds, {_capped("idle")})) > now()""",
)
FORMER_TOUCH = _touch("tenants uuid[], ids uuid[]", "", "")


def _replace(former: str, signature: str, definition: str) -> None:
    op.execute(f"DROP FUNCTION central.{former}")
    op.execute(definition)
    platform_function(op, signature)


def upgrade() -> None:
    _replace(FORMER_SIGNATURE, SIGNATURE, TOUCH)


def downgrade() -> None:
    _replace(SIGNATURE, FORMER_SIGNATURE, FORMER_TOUCH)
