"""`migrate`, on a database of its own."""

import asyncpg

from central_server.infra.db.migrate import head
from central_server.infra.db.revision import HEAD


def test_head_is_alembics() -> None:
    """The constant is the newest migration."""
    assert head() == HEAD


async def test_up_check_and_down(cli, empty: dict[str, str]) -> None:
    """`--check` exits with 1 before and 0 after; `--down` takes everything away again."""
    before = await cli("migrate", "--check", **empty)
    assert before.status == 1
    assert "at no revision" in before.error_line
    up = await cli("migrate")
    assert (up.status, up.out) == (0, f"The database is at {HEAD}.\n")
    assert (await cli("migrate", "--check")).status == 0
    assert (await cli("migrate")).status == 0
    down = await cli("migrate", "--down", "base")
    assert (down.status, down.out) == (0, "The database is at base.\n")


async def test_the_application_can_read_its_revision(migrated: dict[str, str]) -> None:
    """Readiness asks as the application's role."""
    connection = await asyncpg.connect(migrated["database_url"])
    assert await connection.fetchval("SELECT version_num FROM central.alembic_version") == HEAD
    await connection.close()


async def test_no_owner(cli, empty: dict[str, str]) -> None:
    """Without the owner's URL it says so."""
    ran = await cli("migrate", **empty | {"database_owner_url": ""})
    assert ran.status == 2
    assert ran.error_line.startswith("central-server: CENTRAL_DATABASE_OWNER_URL is not set.")


async def test_another_role(cli, empty: dict[str, str]) -> None:
    """A role that the policies are not for would see nothing: refused."""
    ran = await cli("migrate", **empty | {"database_url": empty["database_owner_url"]})
    assert ran.status == 2
    assert "the role must be central_app" in ran.error_line


async def test_an_unknown_revision(cli, empty: dict[str, str]) -> None:
    """A revision that does not exist is one line."""
    ran = await cli("migrate", "--to", "9999", **empty)
    assert (ran.status, "9999" in ran.error_line) == (1, True)
