"""PostgreSQL of the bench's own: started durable, filled, and deleted afterwards."""

import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bench.machine import pinned
from bench.seed import seed
from central_server.infra.db.migrate import upgrade
from central_server.infra.db.roles import APP_ROLE
from central_server.infra.embedded.postgres import EmbeddedPostgres

_PEER = "bench_peer"
# Neither a checkpoint nor the autovacuum shall fall into one peer's measurement and not into another's.
_CALM = """
ALTER SYSTEM SET autovacuum = off;
ALTER SYSTEM SET checkpoint_timeout = '1d';
ALTER SYSTEM SET max_wal_size = '16GB';
"""


@dataclass(frozen=True)
class BenchDatabase:
    """Three ways in: `app_url` is Central's, `peer_url` that of a role that row-level security does not bind."""

    owner_url: str
    app_url: str
    peer_url: str

    async def execute(self, *statements: str) -> None:
        """Run statements as the superuser, each on its own."""
        connection = await asyncpg.connect(self.owner_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def settle(self) -> None:
        """Write out what the last measurement left in memory, so that the next one does not pay for it."""
        await self.execute("TRUNCATE central.outbox", "CHECKPOINT")


@asynccontextmanager
async def bench_database(core: int | None) -> AsyncIterator[BenchDatabase]:
    """Run PostgreSQL on one core with 200,000 users in it, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="central-bench-", ignore_cleanup_errors=True) as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres", durable=True)
        with pinned(core):
            await server.start()
        try:
            password = secrets.token_urlsafe(24)
            urls = (server.url(), server.url(APP_ROLE, password), server.url(_PEER, password))
            database = BenchDatabase(*urls)
            await database.execute(*filter(None, _CALM.split("\n")), "SELECT pg_reload_conf()")
            await upgrade(database.owner_url, app_password=password)
            await _fill(database, password)
            yield database
        finally:
            await server.stop()


async def _fill(database: BenchDatabase, password: str) -> None:
    connection: Any = await asyncpg.connect(database.owner_url)
    try:
        await connection.execute(f"CREATE ROLE {_PEER} LOGIN BYPASSRLS PASSWORD '{password}'")
        await connection.execute(f"GRANT USAGE ON SCHEMA central TO {_PEER}")
        await connection.execute(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA central TO {_PEER}")
        await seed(connection)
    finally:
        await connection.close()
