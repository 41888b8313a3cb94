"""Migrations, run by the owner of the tables: one process at a time, never long behind a lock."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from .connection import driver_url
from .roles import APP_ROLE, SCHEMA, ensure_roles

_HERE = Path(__file__).parent / "migrations"
_LOCK = 0x43_65_6E_74_72_61_6C  # "Central"
_LOCK_POLL = 0.1


async def upgrade(
    owner_url: str,
    target: str = "head",
    *,
    app_password: str | None = None,
    app_role: str = APP_ROLE,
    location: Path = _HERE,
) -> None:
    """Make the roles and the schema if need be, and migrate up to `target`.

    `owner_url` is of the role that owns the tables. A lock that is not had within two seconds ends the
    migration with an error and nothing of that revision done: run it again.
    """
    await ensure_roles(owner_url, app_role, app_password)
    await _run(owner_url, lambda config: command.upgrade(config, target), location)


async def downgrade(owner_url: str, target: str, *, location: Path = _HERE) -> None:
    """Migrate down to `target`, such as `-1` or `base`."""
    await _run(owner_url, lambda config: command.downgrade(config, target), location)


async def current(url: str) -> str | None:
    """Give the revision that the database is at, or `None` before the first."""

    def read(connection: SqlConnection) -> str | None:
        options = {"version_table_schema": SCHEMA}
        return MigrationContext.configure(connection, opts=options).get_current_revision()

    async with _engine(url) as engine, engine.connect() as connection:
        return await connection.run_sync(read)


def head(*, location: Path = _HERE) -> str | None:
    """Give the newest revision of this version of Central."""
    return ScriptDirectory.from_config(_config(location)).get_current_head()


async def _run(owner_url: str, action: Callable[[Config], None], location: Path) -> None:
    config = _config(location)

    def run(connection: SqlConnection) -> None:
        config.attributes["connection"] = connection
        action(config)

    async with _engine(owner_url) as engine, engine.connect() as guard:
        # Waiting in the server would end with lock_timeout.
        while not await guard.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}):  # noqa: ASYNC110
            await asyncio.sleep(_LOCK_POLL)
        await guard.commit()
        async with engine.connect() as connection:
            await connection.run_sync(run)
            await connection.commit()


def _config(location: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(location).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@asynccontextmanager
async def _engine(url: str) -> AsyncGenerator[AsyncEngine, None]:
    engine = create_async_engine(
        driver_url(url).replace("postgresql://", "postgresql+asyncpg://", 1),
        poolclass=NullPool,
        connect_args={
            "server_settings": {
                "search_path": SCHEMA,
                "lock_timeout": "2s",
                "timezone": "UTC",
                "application_name": "central migrate",
            }
        },
    )
    try:
        yield engine
    finally:
        await engine.dispose()
