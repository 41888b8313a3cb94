"""The second wall: what the application's role can do in the database when the application itself has forgotten."""

import asyncpg
import pytest

from central_server.infra.db import METADATA
from support.database import application, superuser, tenant_tables
from support.full import full_place
from support.place import Place, Stack, make_place

# What tells of tenants and belongs to none: the platform alone sees it.
PLATFORM_TABLES = ["tenant_deletions", "tenant_import_claims"]
_OF_TENANTS = sorted(table.name for table in METADATA.tables.values() if "tenant_id" in table.c)
TABLES = [name for name in _OF_TENANTS if name not in PLATFORM_TABLES]


@pytest.fixture(scope="module")
async def alice(stack: Stack) -> Place:
    """A tenant with rows in every table."""
    return await full_place(stack)


@pytest.fixture(scope="module")
async def mallory(stack: Stack) -> Place:
    """Another tenant."""
    return await make_place(stack)


def _column(table: str) -> str:
    return "id" if table == "tenants" else "tenant_id"


async def test_tables_are_the_ones_that_are_declared(stack: Stack) -> None:
    """The database has no table with a tenant that the tests below do not know."""
    async with superuser(stack) as connection:
        assert await tenant_tables(connection) == _OF_TENANTS


@pytest.mark.parametrize("table", [*TABLES, "tenants"])
async def test_control_sees_the_rows(alice: Place, table: str) -> None:
    """With its own tenant set, each table shows the rows: the tests below are not about empty tables."""
    async with application(alice.stack, alice.tenant.id) as connection:
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") > 0


@pytest.mark.parametrize("table", [*TABLES, "tenants"])
async def test_foreign_rows_are_not_seen(alice: Place, mallory: Place, table: str) -> None:
    """With another tenant set, or none, no row is seen, whatever is asked for."""
    of_alice = f"SELECT count(*) FROM {table} WHERE {_column(table)} = $1"
    async with application(alice.stack, mallory.tenant.id) as connection:
        assert await connection.fetchval(of_alice, alice.tenant.id.uuid) == 0
    async with application(alice.stack) as connection:
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0


@pytest.mark.parametrize("table", [*TABLES, "tenants"])
async def test_foreign_rows_are_not_changed(alice: Place, mallory: Place, table: str) -> None:
    """With another tenant set, or none, no row is updated or deleted."""
    column = "slug" if table in {"tenants", "tenant_slugs"} else _column(table)
    if table == "users":
        column = "display_name"
    for tenant in (mallory.tenant.id, None):
        for statement in (
            f"UPDATE {table} SET {column} = {column} WHERE {_column(table)} = $1",
            f"DELETE FROM {table} WHERE {_column(table)} = $1",
        ):
            async with application(alice.stack, tenant) as connection:
                try:
                    touched = await connection.execute(statement, alice.tenant.id.uuid)
                except asyncpg.InsufficientPrivilegeError:
                    continue  # nobody may, of any tenant
                assert touched.endswith(" 0"), statement


async def _may_insert(connection, table: str, column: str) -> bool:
    query = (
        "SELECT has_column_privilege('central_app', 'central.' || $1::text, $2::text, 'INSERT') AND NOT EXISTS"
        " (SELECT FROM pg_attribute WHERE attrelid = ('central.' || $1::text)::regclass AND attname = $2::text"
        " AND attgenerated <> '')"
    )
    return await connection.fetchval(query, table, column)


@pytest.mark.parametrize("table", TABLES)
async def test_rows_for_another_tenant_are_not_made(alice: Place, mallory: Place, table: str) -> None:
    """With another tenant set, or none, a copy of a row for the tenant is refused by the policy."""
    async with superuser(alice.stack) as connection:
        row = await connection.fetchrow(f"SELECT * FROM {table} WHERE tenant_id = $1 LIMIT 1", alice.tenant.id.uuid)
        granted = [name for name in row.keys() if await _may_insert(connection, table, name)]  # noqa: SIM118 (a record)
    if not granted:
        return  # the application makes none at all, as `test_column_and_table_privileges` shows
    names = ", ".join(granted)
    places = ", ".join(f"${number}" for number in range(1, len(granted) + 1))
    for tenant in (mallory.tenant.id, None):
        async with application(alice.stack, tenant) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await connection.execute(
                    f"INSERT INTO {table} ({names}) VALUES ({places})", *(row[name] for name in granted)
                )
            await connection.execute("ROLLBACK; BEGIN")


@pytest.mark.parametrize("table", PLATFORM_TABLES)
@pytest.mark.parametrize("statement", ["SELECT FROM {}", "DELETE FROM {}", "UPDATE {} SET tenant_id = tenant_id"])
async def test_tables_of_the_platform_are_closed(alice: Place, table: str, statement: str) -> None:
    """The application's own role neither reads nor changes them, whichever tenant is set."""
    async with application(alice.stack, alice.tenant.id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement.format(table))
        await connection.execute("ROLLBACK; BEGIN")


async def test_rows_are_not_handed_over(alice: Place, mallory: Place) -> None:
    """A row of one's own cannot be made another tenant's."""
    async with application(alice.stack, alice.tenant.id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE sessions SET tenant_id = $1", mallory.tenant.id.uuid)
        await connection.execute("ROLLBACK; BEGIN")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET system_permissions = '{tenants:create}'",
        (
            "INSERT INTO users (tenant_id, id, email, display_name, system_permissions) "
            "VALUES (current_tenant(), gen_random_uuid(), 'a@b.example', 'A', '{tenants:create}')"
        ),
        "UPDATE users SET tenant_id = gen_random_uuid()",
        "UPDATE tenants SET state = 'active'",
        "UPDATE tenants SET id = gen_random_uuid()",
        "INSERT INTO tenants (id, slug, name, state) VALUES (current_tenant(), 'x', 'x', 'suspended')",
        "UPDATE domains SET name = 'bank.example'",
        "UPDATE domains SET token = 'known'",
        (
            "INSERT INTO domains (tenant_id, id, name, token, include_subdomains, state, verified_at) "
            "VALUES (current_tenant(), gen_random_uuid(), 'bank.example', 't', false, 'verified', now())"
        ),
        "INSERT INTO event_handovers (tenant_id) VALUES (current_tenant())",
        "UPDATE event_handovers SET attempts = 0",
        "DELETE FROM event_handovers",
        "DELETE FROM tenants",
        "DELETE FROM tenant_slugs",
        "UPDATE tenant_slugs SET tenant_id = tenant_id",
        "TRUNCATE users CASCADE",
        "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant_isolation ON users",
        "CREATE TABLE central.mine (id int)",
        "CREATE FUNCTION central.current_tenant2() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
        "SET ROLE central",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
async def test_column_and_table_privileges(alice: Place, statement: str) -> None:
    """The application makes no operator, suspends no tenant, frees no slug and does not touch the walls."""
    async with application(alice.stack, alice.tenant.id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
        await connection.execute("ROLLBACK; BEGIN")


async def test_walls_stand_on_every_table(stack: Stack) -> None:
    """Every table with a tenant has row-level security enabled and forced, and two policies that name their roles."""
    async with superuser(stack) as connection:
        rows = await connection.fetch(
            "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS walled, "
            "ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = c.oid ORDER BY 1) AS policies, "
            "EXISTS(SELECT FROM pg_policy WHERE polrelid = c.oid AND 0 = ANY (polroles)) AS for_public, "
            "pg_get_userbyid(c.relowner) AS owner "
            "FROM pg_class c WHERE c.relnamespace = 'central'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
        )
    found = {row["relname"]: row for row in rows}
    assert set(found) >= {*TABLES, "tenants"}
    for name in (*TABLES, "tenants"):
        assert found[name]["walled"], name
        assert (found[name]["policies"], found[name]["for_public"]) == (["platform", "tenant_isolation"], False), name
    for name in PLATFORM_TABLES:
        assert found[name]["walled"], name
        assert (found[name]["policies"], found[name]["for_public"]) == (["platform"], False), name
    assert "central_app" not in {row["owner"] for row in rows}


async def test_role_of_the_application_is_plain(stack: Stack) -> None:
    """It is no superuser, bypasses nothing, inherits nothing, owns nothing, and has one role to switch to."""
    async with superuser(stack) as connection:
        role = await connection.fetchrow("SELECT * FROM pg_roles WHERE rolname = 'central_app'")
        powers = ("rolsuper", "rolbypassrls", "rolinherit", "rolcreaterole", "rolcreatedb", "rolreplication")
        assert {power: role[power] for power in powers} == dict.fromkeys(powers, False)
        owned = await connection.fetchval("SELECT count(*) FROM pg_class WHERE relowner = $1", role["oid"])
        assert owned == 0
        roles = await connection.fetch(
            "SELECT pg_get_userbyid(roleid) AS name FROM pg_auth_members WHERE member = $1", role["oid"]
        )
        assert [row["name"] for row in roles] == ["central_platform"]
        platform = await connection.fetchrow("SELECT * FROM pg_roles WHERE rolname = 'central_platform'")
        assert not any(platform[power] for power in ("rolsuper", "rolbypassrls", "rolcanlogin", "rolcreaterole"))


async def test_functions_that_see_more_are_few_and_closed(stack: Stack) -> None:
    """What runs with the platform's sight is a short list, pinned to a search path, and not for everybody."""
    async with superuser(stack) as connection:
        rows = await connection.fetch(
            "SELECT proname, proconfig, has_function_privilege('public', oid, 'EXECUTE') AS open, "
            "pg_get_userbyid(proowner) AS owner FROM pg_proc "
            "WHERE pronamespace = 'central'::regnamespace AND prosecdef"
        )
    assert {row["proname"] for row in rows} == {
        "resolve_tenant",
        "find_session",
        "touch_sessions",
        "take_tokens",
        "charge_buckets",
        "drop_full_buckets",
        "find_domain_holder",
    }
    for row in rows:
        assert (row["proconfig"], row["open"], row["owner"]) == (['search_path=""'], False, "central_platform")


async def test_foreign_keys_stay_inside_the_tenant(stack: Stack) -> None:
    """A reference between rows of tenants includes the tenant, since checks of references pass by the wall."""
    async with superuser(stack) as connection:
        rows = await connection.fetch(
            "SELECT conname, confrelid::regclass::text AS target, ARRAY(SELECT attname::text FROM pg_attribute "
            "WHERE attrelid = conrelid AND attnum = ANY (conkey)) AS columns FROM pg_constraint "
            "WHERE contype = 'f' AND connamespace = 'central'::regnamespace"
        )
    assert rows
    for row in rows:
        assert "tenant_id" in row["columns"], row["conname"]
        assert row["target"].endswith("tenants") or len(row["columns"]) > 1, row["conname"]


async def test_unique_indexes_lead_with_the_tenant(stack: Stack) -> None:
    """A unique index without the tenant would tell of other tenants' rows; the exceptions are random or public."""
    async with superuser(stack) as connection:
        rows = await connection.fetch(
            "SELECT i.relname AS name FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
            "JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0] "
            "JOIN pg_class t ON t.oid = x.indrelid WHERE t.relnamespace = 'central'::regnamespace "
            "AND x.indisunique AND a.attname <> 'tenant_id' AND t.relname = ANY ($1)",
            TABLES,
        )
    assert {row["name"] for row in rows} == {
        "pk_outbox",
        "pk_tenant_slugs",
        "uq_tenant_slugs_skeleton",
        "uq_sessions_token_hash",
        "uq_domains_verified_name",
    }
