# ruff: noqa: PLC0415  (alembic and SQLAlchemy are imported when they are needed)

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from central_server.cli.failures import CommandError
from central_server.cli.screen import progress
from central_server.cli.services import read_settings
from central_server.cli.texts import add_command

if TYPE_CHECKING:
    from central_server.infra.config import Settings


def migrate(
    *,
    to: Annotated[str, typer.Option("--to", metavar="REV", help="Migrate up to this revision.")] = "head",
    down: Annotated[
        str | None, typer.Option("--down", metavar="REV", help="Migrate down, to a revision, `-1` or `base`.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 when not at head.")] = False,
) -> None:
    """Bring the database to this version of Central.

    Needs CENTRAL_DATABASE_OWNER_URL, of the role that owns the tables. Makes the roles and the schema when they are
    missing; the application's role and its password are those of CENTRAL_DATABASE_URL. Run it before new processes
    start; several at once wait for each other.
    """
    settings = read_settings()
    owner_url = owner_url_of(settings)
    if check:
        asyncio.run(_check(owner_url))
        return
    with progress("Migrating"):
        asyncio.run(_change(settings, owner_url, to, down))
    typer.echo(f"The database is at {asyncio.run(_revision(owner_url)) or 'base'}.")


def owner_url_of(settings: "Settings") -> str:
    """Give the owner's URL; `SettingsError` when it is not set."""
    from central_server.infra.config import SettingsError

    if settings.database_owner_url is None:
        raise SettingsError(
            "CENTRAL_DATABASE_OWNER_URL is not set. It is CENTRAL_DATABASE_URL as the role that owns the tables."
        )
    return settings.database_owner_url.get_secret_value()


async def _check(owner_url: str) -> None:
    from central_server.infra.db.migrate import head

    revision, newest = await _revision(owner_url), head()
    if revision != newest:
        raise CommandError(
            f"The database is at {revision or 'no revision'}, this version needs {newest}: run `central-server migrate`"
        )
    typer.echo(f"The database is at {newest}, the newest revision.")


async def _revision(owner_url: str) -> str | None:
    from central_server.infra.db.migrate import current

    return await current(owner_url)


async def _change(settings: "Settings", owner_url: str, to: str, down: str | None) -> None:
    from central_server.infra.db.migrate import downgrade

    if down is not None:
        await downgrade(owner_url, down)
        return
    await upgrade_to(settings, owner_url, to)


async def upgrade_to(settings: "Settings", owner_url: str, target: str = "head") -> None:
    """Migrate up; `SettingsError` when CENTRAL_DATABASE_URL names a role that the policies do not know."""
    from urllib.parse import unquote, urlsplit

    from central_server.infra.config import SettingsError
    from central_server.infra.db.migrate import upgrade
    from central_server.infra.db.roles import APP_ROLE

    parts = urlsplit(settings.database_url.get_secret_value())
    role = unquote(parts.username or "")
    if role != APP_ROLE:
        raise SettingsError(f"CENTRAL_DATABASE_URL: the role must be {APP_ROLE}, which the row-level security is for")
    try:
        await upgrade(owner_url, target, app_password=unquote(parts.password) if parts.password else None)
    except ValueError as error:
        raise CommandError(f"The database cannot be migrated: {error}") from None


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    lines = ("central-server migrate", "central-server migrate --check", "central-server migrate --down -1")
    add_command(program, migrate, *lines)
