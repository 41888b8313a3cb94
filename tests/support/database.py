"""Looks at the database beside the API: as its superuser, or as the application's role without the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from central.kernel.ids import TenantId
from support.place import APP_PASSWORD, Stack

_SETTINGS = {"search_path": "central"}


@asynccontextmanager
async def superuser(stack: Stack) -> AsyncIterator[Any]:
    """Connect as the superuser, whom row-level security does not bind."""
    connection = await asyncpg.connect(stack.superuser_url, server_settings=_SETTINGS)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def application(stack: Stack, tenant: TenantId | None = None) -> AsyncIterator[Any]:
    """Connect as the application's role, in a transaction with this tenant set, which is rolled back."""
    url = stack.settings.database_url.get_secret_value()
    assert APP_PASSWORD in url
    connection = await asyncpg.connect(url, server_settings=_SETTINGS)
    try:
        transaction = connection.transaction()
        await transaction.start()
        if tenant is not None:
            await connection.execute("SELECT set_config('central.tenant', $1, true)", str(tenant.uuid))
        yield connection
        await transaction.rollback()
    finally:
        await connection.close()


async def tenant_tables(connection: Any) -> list[str]:
    """Name the tables whose rows belong to a tenant."""
    rows = await connection.fetch(
        "SELECT table_name FROM information_schema.columns "
        "WHERE table_schema = 'central' AND column_name = 'tenant_id' ORDER BY 1"
    )
    return [row["table_name"] for row in rows]


async def fingerprint(stack: Stack, tenant: TenantId) -> dict[str, str]:
    """Sum up all rows of a tenant, table by table, but for the times of last use."""
    async with superuser(stack) as connection:
        sums = {}
        for table in await tenant_tables(connection):
            rows = await connection.fetch(
                f"SELECT (to_jsonb(t) - 'last_used_at')::text AS row FROM {table} t WHERE tenant_id = $1 ORDER BY 1",
                tenant.uuid,
            )
            sums[table] = "\n".join(row["row"] for row in rows)
        own = await connection.fetchrow("SELECT to_jsonb(t)::text FROM tenants t WHERE id = $1", tenant.uuid)
        return {**sums, "tenants": own[0] if own else ""}
