"""The migrations make what the tables say, and can be taken back."""

import re
import secrets
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex

from central_server import container  # imports every table
from central_server.infra.db import METADATA
from central_server.infra.db.migrate import downgrade, upgrade
from support.place import APP_PASSWORD
from support.servers import shared_postgres

assert container.ROUTES

_DUMPS = {
    "columns": "SELECT table_name, ordinal_position, column_name, column_default, is_nullable, udt_name"
    " FROM information_schema.columns WHERE table_schema = 'central'",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'central'::regnamespace",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'central'",
    "policies": "SELECT tablename, policyname, roles::text, cmd, qual, with_check FROM pg_policies"
    " WHERE schemaname = 'central'",
    "functions": "SELECT proname, pg_get_functiondef(oid), proowner::regrole::text, proacl::text FROM pg_proc"
    " WHERE pronamespace = 'central'::regnamespace",
    "tables": "SELECT relname, relkind::text, relrowsecurity, relforcerowsecurity, relowner::regrole::text,"
    " relacl::text FROM pg_class WHERE relnamespace = 'central'::regnamespace AND relkind IN ('r', 'v', 'S', 'm')",
    "column privileges": "SELECT attrelid::regclass::text, attname, attacl::text FROM pg_attribute"
    " WHERE attacl IS NOT NULL AND attrelid::regclass::text LIKE '%.%'",
    "types": "SELECT typname, typtype::text FROM pg_type WHERE typnamespace = 'central'::regnamespace"
    " AND typtype <> 'b'",
}


@pytest.fixture(scope="module")
async def owner_url() -> AsyncIterator[str]:
    """A migrated database of this module's own, as its owner."""
    async with shared_postgres() as postgres:
        name = f"schema_{secrets.token_hex(4)}"
        connection = await asyncpg.connect(postgres.url())
        await connection.execute(f'CREATE DATABASE "{name}"')
        await connection.close()
        await upgrade(postgres.url(database=name), app_password=APP_PASSWORD)
        yield postgres.url(database=name)


async def _dump(url: str) -> dict[str, list[str]]:
    connection: Any = await asyncpg.connect(url)
    try:
        return {
            name: sorted(repr(tuple(row)) for row in await connection.fetch(query)) for name, query in _DUMPS.items()
        }
    finally:
        await connection.close()


def _differences(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, METADATA))


async def test_migrated_database_is_that_of_the_tables(owner_url: str) -> None:
    """Comparing the migrated database with the tables finds nothing to add, drop or change."""
    engine = create_async_engine(
        owner_url.replace("postgresql://", "postgresql+asyncpg://", 1),
        poolclass=NullPool,
        connect_args={"server_settings": {"search_path": "central"}},
    )
    async with engine.connect() as connection:
        differences = await connection.run_sync(_differences)
    await engine.dispose()
    assert differences == []


def _plain(definition: str) -> str:
    """Write an index's definition without what PostgreSQL adds to it."""
    text = definition.replace("central.", "").replace("USING btree ", "")
    text = re.sub(r"::(text|character varying|double precision)", "", text).replace("[]", "")
    text = re.sub(r"\bARRAY\[(.*?)\]", r"(\1)", text).replace("= ANY ", "IN ")
    # Words such as "position" are quoted by PostgreSQL alone.
    return re.sub(r"[\s()]+", " ", text.replace('"', "")).strip().lower()


async def test_indexes_are_those_of_the_tables(owner_url: str) -> None:
    """Every index of the tables is there with its columns, expressions and condition, and no other one."""
    connection: Any = await asyncpg.connect(owner_url)
    rows = await connection.fetch(
        "SELECT indexname, indexdef FROM pg_indexes i WHERE schemaname = 'central' AND NOT EXISTS"
        " (SELECT FROM pg_constraint c WHERE c.conname = i.indexname AND c.contype IN ('p', 'u', 'x'))"
    )
    await connection.close()
    dialect = postgresql.dialect()
    declared = {
        str(index.name): _plain(str(CreateIndex(index).compile(dialect=dialect)))
        for table in METADATA.tables.values()
        for index in table.indexes
    }
    assert {row["indexname"]: _plain(row["indexdef"]) for row in rows} == declared


async def test_up_down_up_is_the_same_schema(owner_url: str) -> None:
    """Taking all migrations back leaves no table or function, and doing them again gives the same schema."""
    before = await _dump(owner_url)
    await downgrade(owner_url, "base")
    down = await _dump(owner_url)
    assert [row for row in down["tables"] if "alembic_version" not in row] == []
    assert set(down["functions"]) == {row for row in before["functions"] if row.startswith("('current_tenant'")}
    await upgrade(owner_url, app_password=APP_PASSWORD)
    assert await _dump(owner_url) == before
