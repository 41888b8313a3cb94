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


async def holds_up(connection: Any) -> bool:
    """Whether somebody waits for what this connection has locked.

    A transaction sees `pg_stat_activity` as it was when it first looked, but `pg_locks` as it is.
    """
    waiting: int = await connection.fetchval(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    )
    return waiting > 0


async def somebody_waits(stack: Stack) -> bool:
    """Whether somebody waits for a lock in the database of a server, whoever has it."""
    async with superuser(stack) as connection:
        waiting: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    return waiting > 0


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
        return await Fingerprints(connection, await tenant_tables(connection)).of(tenant)


class Fingerprints:
    """Sums up tenants' rows on a connection of the superuser's, in one round trip each."""

    def __init__(self, connection: Any, tables: list[str]) -> None:
        self._connection = connection
        self._tables = tables
        row = "(to_jsonb(t) - 'last_used_at')::text AS row"
        parts = [f"SELECT '{table}' AS name, {row} FROM {table} t WHERE tenant_id = $1" for table in tables]
        parts.append(f"SELECT 'tenants' AS name, {row} FROM tenants t WHERE id = $1")
        self._query = " UNION ALL ".join(parts)

    async def of(self, tenant: TenantId) -> dict[str, str]:
        """Give all rows of a tenant by table, as one text each."""
        rows: dict[str, list[str]] = {name: [] for name in (*self._tables, "tenants")}
        for found in await self._connection.fetch(self._query, tenant.uuid):
            rows[found["name"]].append(found["row"])
        return {name: "\n".join(sorted(texts)) for name, texts in rows.items()}

    async def events(self, tenant: TenantId) -> int:
        """Count what was told of a tenant."""
        count: int = await self._connection.fetchval("SELECT count(*) FROM outbox WHERE tenant_id = $1", tenant.uuid)
        return count
