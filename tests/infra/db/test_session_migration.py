"""What the migration of sessions makes of those that are there."""

import secrets
from typing import Any

import asyncpg

from central_server.infra.db.migrate import downgrade, upgrade
from support.place import APP_PASSWORD
from support.servers import shared_postgres

_BEFORE = """
SET search_path = central;
INSERT INTO tenants (id, slug, name) VALUES (gen_random_uuid(), 'acme', 'Acme');
INSERT INTO roles (tenant_id, id, slug, name, permissions, built_in)
    SELECT t.id, gen_random_uuid(), r.slug, r.slug, r.permissions, r.built_in FROM tenants t, (VALUES
        ('owner', '{}'::text[], true), ('admin', '{}', true), ('member', '{}', true),
        ('reader', '{users:read,roles:read}', false), ('writer', '{users:read,roles:write}', false)
    ) AS r (slug, permissions, built_in);
BEGIN;
INSERT INTO users (tenant_id, id, email, display_name, system_permissions)
    SELECT t.id, gen_random_uuid(), who || '@acme.example', who,
        CASE WHEN who = 'operator' THEN '{tenants:read}'::text[] ELSE '{}' END
    FROM tenants t, unnest(ARRAY['owner', 'admin', 'member', 'reader', 'writer', 'operator']) AS who;
INSERT INTO user_emails (tenant_id, user_id, email) SELECT tenant_id, id, email FROM users;
COMMIT;
INSERT INTO user_roles (tenant_id, user_id, role)
    SELECT tenant_id, id, CASE WHEN display_name = 'operator' THEN 'member' ELSE display_name END FROM users;
INSERT INTO sessions (tenant_id, id, user_id, token_hash, expires_at, idle_seconds, address)
    SELECT tenant_id, gen_random_uuid(), id, sha256(display_name::bytea), now() + interval '1 day', 60,
        CASE display_name
            WHEN 'owner' THEN '192.0.2.7' WHEN 'admin' THEN '2001:db8::1' WHEN 'member' THEN 'testclient'
        END
    FROM users;
"""
_SESSIONS = "SELECT u.display_name AS name, s.* FROM central.sessions s JOIN central.users u ON u.id = s.user_id"


async def test_sessions_of_before_are_kept() -> None:
    """Each keeps its address, where it was one, and is known for what its user may do; and back again."""
    async with shared_postgres() as postgres:
        name = f"sessions_{secrets.token_hex(4)}"
        connection: Any = await asyncpg.connect(postgres.url())
        await connection.execute(f'CREATE DATABASE "{name}"')
        await connection.close()
        url = postgres.url(database=name)
        await upgrade(url, "0002", app_password=APP_PASSWORD)
        connection = await asyncpg.connect(url)
        await connection.execute(_BEFORE)
        await connection.close()
        await upgrade(url, app_password=APP_PASSWORD)
        connection = await asyncpg.connect(url)
        rows = {row["name"]: row for row in await connection.fetch(_SESSIONS)}
        assert {name for name, row in rows.items() if row["powerful"]} == {"owner", "admin", "writer", "operator"}
        addresses = {name: str(row["address"]) for name, row in rows.items() if row["address"] is not None}
        assert addresses == {"owner": "192.0.2.7", "admin": "2001:db8::1"}
        await connection.execute(
            "UPDATE central.sessions SET impersonator_id = gen_random_uuid() WHERE user_id = $1",
            rows["member"]["user_id"],
        )
        await connection.close()
        await downgrade(url, "0002")
        connection = await asyncpg.connect(url)
        back = {row["name"]: row["address"] for row in await connection.fetch(_SESSIONS)}
        await connection.close()
    expected = {"owner": "192.0.2.7", "admin": "2001:db8::1", "reader": None, "writer": None, "operator": None}
    assert back == expected, "nobody who acted in another's name acts as them alone"
