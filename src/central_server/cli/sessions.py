# ruff: noqa: PLC0415  (the services are imported when they are needed)

from typing import TYPE_CHECKING, Annotated

import typer

from central_server.cli.failures import CommandError
from central_server.cli.services import with_services
from central_server.cli.tenants import collect
from central_server.cli.texts import add_command, family

if TYPE_CHECKING:
    from wireup import AsyncContainer

_ALL = 1_000_000


def revoke_all(
    *,
    tenant: Annotated[str | None, typer.Option(help="Of this tenant: its slug.", show_default=False)] = None,
    everywhere: Annotated[bool, typer.Option("--all", help="Of all tenants.")] = False,
) -> None:
    """End every session, and print how many; everybody signs in again.

    For after a restore, which brings sessions back that were ended since, and for a leak. May be run again.
    """
    if (tenant is None) is not everywhere:
        raise CommandError("Say which: --tenant, or --all.", 2)

    async def work(container: "AsyncContainer") -> int:
        from central_server.sessions.service import SessionService

        sessions = await container.get(SessionService)
        found = [each for each in await collect(container, None, _ALL) if tenant in {None, each.slug}]
        if not found and tenant is not None:
            raise CommandError(f"There is no tenant {tenant!r} here.")
        return sum([await sessions.TX_revoke_everybody(each.id) for each in found])

    typer.echo(str(with_services(work)))


def add_to(program: typer.Typer) -> None:
    """Add the family."""
    sessions = family("Who is signed in.", "central-server sessions revoke-all --all")
    lines = ("central-server sessions revoke-all --all", "central-server sessions revoke-all --tenant acme")
    add_command(sessions, revoke_all, *lines, name="revoke-all")
    program.add_typer(sessions, name="sessions")
