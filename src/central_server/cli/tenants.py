# ruff: noqa: PLC0415  (the services are imported when they are needed)

from typing import TYPE_CHECKING, Annotated

import typer

from central_server.cli.bootstrap import checked
from central_server.cli.screen import print_table
from central_server.cli.services import with_services
from central_server.cli.texts import add_command, family

if TYPE_CHECKING:
    from wireup import AsyncContainer

    from central.tenants.models import Tenant

_PAGE = 200


def create(
    slug: Annotated[str, typer.Argument(help="Its name in addresses.", show_default=False)],
    *,
    owner_email: Annotated[str, typer.Option(help="The address of its owner.", show_default=False)],
    name: Annotated[str | None, typer.Option(help="Its name; else its slug.", show_default=False)] = None,
    owner_name: Annotated[str | None, typer.Option(help="The owner's name.", show_default=False)] = None,
) -> None:
    """Create a tenant with its first owner, who signs in with mailed codes."""
    input = checked(slug, name or slug, owner_email, owner_name)

    async def work(container: "AsyncContainer") -> "Tenant":
        from central_server.tenants.service import TenantService

        return await (await container.get(TenantService)).TX_create_tenant(input)

    made = with_services(work)
    typer.echo(f"{made.id}\t{made.slug}")


def list_tenants(
    *,
    text: Annotated[str | None, typer.Option(help="Part of the name or the slug.", show_default=False)] = None,
    most: Annotated[int, typer.Option("--limit", min=1, help="Show at most so many.")] = 1000,
) -> None:
    """List tenants, oldest first."""

    async def work(container: "AsyncContainer") -> list["Tenant"]:
        return await collect(container, text, most)

    rows = [(t.id, t.slug, t.name, t.state, f"{t.created_at:%Y-%m-%d}") for t in with_services(work)]
    print_table(("id", "slug", "name", "state", "created"), [tuple(map(str, row)) for row in rows])


async def collect(container: "AsyncContainer", text: str | None, most: int) -> list["Tenant"]:
    """Give tenants, oldest first, at most so many."""
    from central.tenants.models import ListTenantsInput
    from central_server.tenants.service import TenantService

    service = await container.get(TenantService)
    found: list[Tenant] = []
    cursor: str | None = None
    while len(found) < most:
        limit = min(_PAGE, most - len(found))
        asked = ListTenantsInput(text=text if cursor is None else None, limit=limit, cursor=cursor)
        page = await service.TX_list_tenants(asked)
        found += page.tenants
        if (cursor := page.next_cursor) is None:
            break
    return found[:most]


def add_to(program: typer.Typer) -> None:
    """Add the family."""
    tenants = family("The tenants of the system.", "central-server tenants list")
    add_command(tenants, create, "central-server tenants create globex --owner-email eve@globex.example --name Globex")
    lines = ("central-server tenants list", "central-server tenants list --text glob | cut -f 2")
    add_command(tenants, list_tenants, *lines, name="list")
    program.add_typer(tenants, name="tenants")
