"""Roles, migrations run one at a time, and what `enable_rls` puts up."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from db_support import Server

from central_server.infra.db import migrate
from central_server.infra.db.rls import platform_function
from central_server.infra.db.roles import ensure_roles, scram_verifier

_FIRST = """
from alembic import op
from central_server.infra.db.rls import enable_rls
revision = "0001"
down_revision = None
def upgrade():
    op.execute("CREATE TABLE things (tenant_id uuid NOT NULL, id int, PRIMARY KEY (tenant_id, id))")
    op.execute("SELECT pg_sleep(0.2)")
    enable_rls(op, "things")
def downgrade():
    op.execute("DROP TABLE things")
"""
_SECOND = """
from alembic import op
revision = "0002"
down_revision = "0001"
def upgrade():
    op.execute("ALTER TABLE things ADD COLUMN n int")
def downgrade():
    op.execute("ALTER TABLE things DROP COLUMN n")
"""


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the package's migrations with two of the tests' own."""
    folder = tmp_path_factory.mktemp("migrations")
    own = Path(migrate.__file__).parent / "migrations"
    for name in ("env.py", "script.py.mako"):
        (folder / name).write_text((own / name).read_text())
    (folder / "versions").mkdir()
    (folder / "versions" / "0001_things.py").write_text(_FIRST)
    (folder / "versions" / "0002_n.py").write_text(_SECOND)
    return folder


async def _database(server: Server, name: str) -> str:
    owner = await asyncpg.connect(server.url())
    await owner.execute(f"CREATE DATABASE {name}")
    await owner.close()
    return server.url(database=name)


async def test_up_and_down(server: Server, location: Path) -> None:
    """The version is kept in the schema, and each step can be taken back."""
    url = await _database(server, "migrate_steps")
    await migrate.upgrade(url, "0001", app_password="app", location=location)
    assert await migrate.current(url) == "0001"
    await migrate.upgrade(url, location=location)
    assert await migrate.current(url) == migrate.head(location=location) == "0002"
    owner = await asyncpg.connect(url)
    tables = "SELECT array_agg(tablename::text ORDER BY 1) FROM pg_tables WHERE schemaname = $1"
    assert await owner.fetchval(tables, "central") == ["alembic_version", "things"]
    assert await owner.fetchval(tables, "public") is None
    await migrate.downgrade(url, "base", location=location)
    assert await migrate.current(url) is None
    assert await owner.fetchval(tables, "central") == ["alembic_version"]
    await owner.close()


async def test_processes_take_turns(server: Server, location: Path) -> None:
    """Four at once: one migrates, the others find it done."""
    url = await _database(server, "migrate_turns")
    await asyncio.gather(*[migrate.upgrade(url, location=location) for _ in range(4)])
    assert await migrate.current(url) == "0002"


async def test_a_migration_does_not_queue_up_behind_a_long_lock(server: Server, location: Path) -> None:
    """It gives up after two seconds, so that nobody waits behind it, and can be run again."""
    url = await _database(server, "migrate_lock")
    await migrate.upgrade(url, "0001", location=location)
    reader = await asyncpg.connect(url)
    transaction = reader.transaction()
    await transaction.start()
    await reader.fetch("SELECT * FROM central.things")
    with pytest.raises(Exception, match="lock timeout"):
        await migrate.upgrade(url, location=location)
    assert await migrate.current(url) == "0001"
    await transaction.rollback()
    await reader.close()
    await migrate.upgrade(url, location=location)
    assert await migrate.current(url) == "0002"


async def test_every_table_with_a_tenant_is_walled(server: Server, location: Path) -> None:
    """Enabled and forced, with both policies; the application may use it and owns nothing."""
    url = await _database(server, "migrate_walls")
    await migrate.upgrade(url, location=location)
    owner = await asyncpg.connect(url)
    walled = await owner.fetch(
        "SELECT relrowsecurity AND relforcerowsecurity,"
        " ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = pg_class.oid"
        " ORDER BY 1), pg_get_userbyid(relowner)::text FROM pg_class"
        " WHERE relnamespace = 'central'::regnamespace AND relname = 'things'"
    )
    assert [tuple(row) for row in walled] == [(True, ["platform", "tenant_isolation"], "central")]
    await owner.close()


async def test_roles_are_made_once(server: Server) -> None:
    """A second run changes nothing; a password changes only when that is asked for."""
    url = await _database(server, "migrate_roles")
    login = url.replace("central:owner@", "some_app:{}@")
    await ensure_roles(url, "some_app", "first")
    await ensure_roles(url, "some_app", "second")
    await (await asyncpg.connect(login.format("first"))).close()
    await ensure_roles(url, "some_app", "second", replace_password=True)
    app = await asyncpg.connect(login.format("second"))
    assert (
        await app.fetchval(
            "SELECT rolinherit OR rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        )
        is False
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("CREATE TABLE central.mine (n int)")
    await app.execute("SET ROLE central_platform")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("CREATE TABLE central.mine (n int)")
    await app.close()


async def test_a_role_that_passes_by_is_refused(server: Server) -> None:
    """A superuser as the application would make row-level security vacuous."""
    url = await _database(server, "migrate_super")
    with pytest.raises(ValueError, match="BYPASSRLS"):
        await ensure_roles(url, "central")
    for name in ("Robert'); DROP", "", "a b"):
        with pytest.raises(ValueError, match="identifier"):
            await ensure_roles(url, name)
    with pytest.raises(ValueError, match="ASCII"):
        scram_verifier("é")


async def test_an_owner_need_not_be_a_superuser(server: Server, location: Path) -> None:
    """CREATEROLE and the database are enough, in a cluster where the roles are not there yet or already are."""
    admin = await asyncpg.connect(server.url())
    await admin.execute("CREATE ROLE plain LOGIN CREATEROLE PASSWORD 'plain'")
    await admin.execute("CREATE DATABASE migrate_plain OWNER plain")
    await admin.execute("GRANT central_platform TO plain WITH ADMIN OPTION")
    await admin.execute("GRANT central_app TO plain WITH ADMIN OPTION")
    url = server.url("plain", "plain", "migrate_plain")
    await migrate.upgrade(url, app_password="x", location=location)
    owner = await asyncpg.connect(url)
    await owner.execute(
        "CREATE FUNCTION central.everything() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " SET search_path = central, pg_temp AS 'SELECT count(*) FROM things'"
    )
    statements: list[str] = []
    platform_function(type("Op", (), {"execute": staticmethod(statements.append)})(), "everything()")
    await owner.execute(";".join(statements))
    assert await owner.fetchval("SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'everything'") == (
        "central_platform"
    )
    await owner.close()
    await admin.close()


async def test_a_narrow_function_sees_all_for_the_application(server: Server, location: Path) -> None:
    """It is how the application finds out a tenant: callable by it, by nobody else, and only that."""
    url = await _database(server, "migrate_narrow")
    await migrate.upgrade(url, app_password="app", location=location)
    owner = await asyncpg.connect(url)
    await owner.execute("INSERT INTO central.things SELECT gen_random_uuid(), n FROM generate_series(1, 3) n")
    await owner.execute(
        "CREATE FUNCTION central.everything() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " SET search_path = central, pg_temp AS 'SELECT count(*) FROM things'"
    )
    statements: list[str] = []
    platform_function(type("Op", (), {"execute": staticmethod(statements.append)})(), "everything()")
    await owner.execute(";".join(statements))
    app: Any = await asyncpg.connect(url.replace("central:owner@", "central_app:app@"))
    assert await app.fetchval("SELECT central.everything()") == 3
    assert await app.fetchval("SELECT count(*) FROM central.things") == 0
    await app.close()
    await owner.close()
