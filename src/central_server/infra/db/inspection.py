"""What the database says of itself: whether the walls stand that Central relies on."""

from typing import NamedTuple

from .connection import connect
from .roles import SCHEMA

_ROLE = "SELECT current_user::text, rolsuper, rolbypassrls, rolinherit FROM pg_roles WHERE rolname = current_user"
# `tenants` itself is a tenant's table by its id.
_TABLES = f"""
SELECT c.relname::text, pg_get_userbyid(c.relowner) = current_user, c.relrowsecurity AND c.relforcerowsecurity
FROM pg_class c
WHERE c.relnamespace = to_regnamespace('{SCHEMA}') AND c.relkind IN ('r', 'p')
  AND (c.relname = 'tenants' OR EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
  ))
ORDER BY 1"""  # noqa: S608 (the schema is a constant of ours)


class DatabaseFacts(NamedTuple):
    """The role that connects, and the tables that hold rows of tenants."""

    version: int
    role: str
    is_superuser: bool
    bypasses_rls: bool
    inherits: bool
    tables: tuple[str, ...]
    owned: tuple[str, ...]
    unprotected: tuple[str, ...]


async def inspect_database(url: str) -> DatabaseFacts:
    """Ask the database as the role of `url`; raises what the driver raises."""
    connection = await connect(url, application_name="central doctor", within=5.0)
    try:
        version = (await connection.fetch("SELECT current_setting('server_version_num')::int"))[0][0]
        role = (await connection.fetch(_ROLE))[0]
        tables = await connection.fetch(_TABLES)
    finally:
        await connection.close()
    return DatabaseFacts(
        version=version // 10_000,
        role=role[0],
        is_superuser=role[1],
        bypasses_rls=role[2],
        inherits=role[3],
        tables=tuple(table[0] for table in tables),
        owned=tuple(table[0] for table in tables if table[1]),
        unprotected=tuple(table[0] for table in tables if not table[2]),
    )
