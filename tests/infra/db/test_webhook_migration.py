"""The migration by which webhook endpoints come with archives goes back, as a plain owner, where some have come."""

from typing import Any

import asyncpg
from db_support import Server, plain_owner

from central_server.infra.db import migrate

_ROWS = """
INSERT INTO tenants (id, slug, name) VALUES ('01900000-0000-7000-8000-000000000001', 'acme', 'Acme');
INSERT INTO webhook_endpoints (tenant_id, id, url, kinds, enabled, disabled_reason)
SELECT '01900000-0000-7000-8000-000000000001', gen_random_uuid(), url, '{}', reason IS NULL, reason
FROM (VALUES ('https://hooks.example/1', 'imported'), ('https://hooks.example/2', 'gone'),
             ('https://hooks.example/3', NULL)) endpoints (url, reason)
"""
_ENDPOINTS = "SELECT enabled, disabled_reason FROM webhook_endpoints ORDER BY url"


async def test_imported_endpoints_stay_disabled(server: Server) -> None:
    """Down and up again, as an owner whom row-level security binds, each stays as enabled or disabled as it was."""
    url = await plain_owner(server, "webhook_migration")
    await migrate.upgrade(url, "0030")
    admin: Any = await asyncpg.connect(
        server.url(database="webhook_migration"), server_settings={"search_path": "central"}
    )
    await admin.execute(_ROWS)
    await migrate.downgrade(url, "0029")
    before = [(False, "by_hand"), (False, "gone"), (True, None)]
    assert [tuple(row) for row in await admin.fetch(_ENDPOINTS)] == before
    await migrate.upgrade(url, "0030")
    assert [tuple(row) for row in await admin.fetch(_ENDPOINTS)] == before
    await admin.close()
