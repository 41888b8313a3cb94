"""The migration that gives people's addresses and roles rows of their own keeps what there was, as a plain owner."""

from typing import Any

import asyncpg
from db_support import Server, plain_owner

from central_server.infra.db import migrate

_ROWS = """
INSERT INTO tenants (id, slug, name) VALUES ('01900000-0000-7000-8000-000000000001', 'acme', 'Acme');
INSERT INTO users (tenant_id, id, email, email_verified, display_name, roles)
VALUES ('01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-0000000000a1', 'Ada@acme.example',
        true, 'Ada', '{owner,member}'),
       ('01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-0000000000a2', 'eve@acme.example',
        false, 'Eve', '{member}');
INSERT INTO sessions (tenant_id, id, user_id, token_hash, expires_at, idle_seconds, created_at)
VALUES ('01900000-0000-7000-8000-000000000001', gen_random_uuid(), '01900000-0000-7000-8000-0000000000a1', '\\x00',
        now() + interval '1 hour', 60, now() - interval '1 hour')
"""
_USERS = (
    "SELECT u.email, u.email_verified, e.verified, e.user_id = u.id AS own,"
    " ARRAY(SELECT role FROM user_roles r WHERE r.user_id = u.id ORDER BY role) AS roles"
    " FROM users u JOIN user_emails e USING (tenant_id, email) ORDER BY u.email"
)


async def test_people_keep_their_addresses_and_roles(server: Server) -> None:
    """Up and down again, as an owner whom row-level security binds, nobody loses an address, a role or a session."""
    url = await plain_owner(server, "people_migration")
    await migrate.upgrade(url, "0001")
    admin: Any = await asyncpg.connect(
        server.url(database="people_migration"), server_settings={"search_path": "central"}
    )
    await admin.execute(_ROWS)
    await migrate.upgrade(url, "0002")
    assert [tuple(row) for row in await admin.fetch(_USERS)] == [
        ("Ada@acme.example", True, True, True, ["member", "owner"]),
        ("eve@acme.example", False, False, True, ["member"]),
    ]
    slugs = await admin.fetch("SELECT slug FROM roles WHERE built_in ORDER BY slug")
    assert [row["slug"] for row in slugs] == ["admin", "member", "owner"]
    assert await admin.fetchval("SELECT authenticated_at = created_at FROM sessions")
    await migrate.downgrade(url, "0001")
    rows = await admin.fetch("SELECT email, roles FROM users ORDER BY email")
    assert [(row["email"], sorted(row["roles"])) for row in rows] == [
        ("Ada@acme.example", ["member", "owner"]),
        ("eve@acme.example", ["member"]),
    ]
    await admin.close()
