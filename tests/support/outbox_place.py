"""A database with nothing but the outbox, for tests that run relays on it."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.schema import CreateIndex, CreateTable

from central_server.infra.db import Database
from central_server.infra.db.query import DIALECT
from central_server.infra.db.rls import enable_rls
from central_server.infra.db.roles import ensure_roles
from central_server.infra.outbox.tables import FOLLOWERS, HANDOVERS, OUTBOX
from support.servers import shared_postgres

# Roles belong to the server, which other tests share: this one's password is nobody else's.
ROLE = "central_app_outbox"


PRIVILEGES = "SELECT, INSERT (id, tenant_id, kind, payload, actor, target)"
HANDOVER_PRIVILEGES = "SELECT, UPDATE (state, batch, next_attempt_at, last_error, updated_at)"


class Place:
    """The database as its owner and as the application; the owner is above row-level security."""

    def __init__(self, owner: Any, database: Database, url: str) -> None:
        self.owner = owner
        self.database = database
        self.url = url

    async def states(self) -> dict[str, int]:
        """Count the handovers by state."""
        return dict(await self.owner.fetch("SELECT state, count(*) FROM event_handovers GROUP BY state"))

    async def unplaced(self) -> int:
        """Count the events that have no place in the feed."""
        count: int = await self.owner.fetchval("SELECT count(*) FROM outbox WHERE position IS NULL")
        return count

    async def row(self, event: Any) -> Any:
        """Give an event as the outbox keeps it."""
        return await self.owner.fetchrow("SELECT * FROM outbox WHERE id = $1", event.id.uuid)

    async def handover(self, event: Any, listener: str | None = None) -> Any:
        """Give where an event is on its way to a listener, the only one where none is named."""
        query = "SELECT * FROM event_handovers WHERE event_id = $1 AND listener = coalesce($2, listener)"
        return await self.owner.fetchrow(query, event.id.uuid, listener)

    async def empty(self) -> None:
        """Begin with nothing."""
        await self.owner.execute("TRUNCATE outbox, event_handovers, event_followers")


class _Statements:
    def __init__(self) -> None:
        self.texts: list[str] = []
        for table in (OUTBOX, HANDOVERS, FOLLOWERS):
            self.texts.append(str(CreateTable(table).compile(dialect=DIALECT)))
            self.texts += [str(CreateIndex(index).compile(dialect=DIALECT)) for index in table.indexes]

    def execute(self, sqltext: str, /) -> None:
        self.texts.append(sqltext)


def outbox_ddl() -> str:
    """Give the statements that the migrations have for the outbox."""
    statements = _Statements()
    enable_rls(statements, "outbox", app_role=ROLE, privileges=PRIVILEGES)
    statements.execute("GRANT UPDATE, DELETE ON central.outbox TO central_platform")
    enable_rls(statements, "event_handovers", app_role=ROLE, privileges=HANDOVER_PRIVILEGES)
    statements.execute("GRANT INSERT, UPDATE, DELETE ON central.event_handovers TO central_platform")
    statements.execute("GRANT SELECT, INSERT, UPDATE ON central.event_followers TO central_platform")
    statements.execute("CREATE SEQUENCE central.outbox_positions")
    statements.execute("GRANT USAGE ON SEQUENCE central.outbox_positions TO central_platform")
    return ";\n".join(statements.texts)


@asynccontextmanager
async def outbox_place(name: str) -> AsyncGenerator[Place]:
    """Make a database of its own on the run's server."""
    async with shared_postgres() as server:
        admin = await asyncpg.connect(server.url())
        await admin.execute(f"CREATE DATABASE {name}_{os.getpid()}")
        await admin.close()
        url = server.url(database=f"{name}_{os.getpid()}")
        await ensure_roles(url, ROLE, "outbox")
        owner = await asyncpg.connect(url, server_settings={"search_path": "central"})
        await owner.execute(outbox_ddl())
        app = server.url(ROLE, "outbox", f"{name}_{os.getpid()}")
        database = Database(app, max_size=10)
        await database.start()
        try:
            yield Place(owner, database, app)
        finally:
            await database.close()
            await owner.close()
