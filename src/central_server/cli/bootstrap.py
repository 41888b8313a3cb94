# ruff: noqa: PLC0415  (the services are imported when they are needed)

from typing import TYPE_CHECKING, Annotated

import typer

from central_server.cli.failures import CommandError
from central_server.cli.services import with_services
from central_server.cli.texts import add_command

if TYPE_CHECKING:
    from wireup import AsyncContainer

    from central.tenants.models import CreateTenantInput, Tenant
    from central.users.models import User


def bootstrap(
    *,
    tenant: Annotated[str, typer.Option(help="The slug of the first tenant.", show_default=False)],
    owner_email: Annotated[str, typer.Option(help="The address of its owner.", show_default=False)],
    name: Annotated[str | None, typer.Option(help="The tenant's name; else its slug.", show_default=False)] = None,
    owner_name: Annotated[str | None, typer.Option(help="The owner's name.", show_default=False)] = None,
) -> None:
    """Make the first tenant and its owner, who may then do everything in the whole system.

    What is there already stays as it is, so that it may be run again.
    """
    input = checked(tenant, name or tenant, owner_email, owner_name)

    async def work(container: "AsyncContainer") -> tuple["Tenant", "User"]:
        return await ensure_operator(container, input)

    made, owner = with_services(work)
    typer.echo(
        f"{owner.email} owns the tenant {made.slug} ({made.id}) and is an operator of the whole system.\n"
        f"Next: they sign in with a code that is mailed to them.\n\n"
        f"  from central_client import Central\n"
        f'  client = Central("CENTRAL_PUBLIC_URL", tenant="{made.slug}")\n'
        f'  client.auth.sign_in_with_email_code(email="{owner.email}", code=lambda _: input("Code: "))'
    )


def checked(slug: str, name: str, owner_email: str, owner_name: str | None) -> "CreateTenantInput":
    """Give the input of a new tenant; `ValidationFailedError` says what is wrong with it."""
    from pydantic import ValidationError

    from central.errors import ValidationFailedError
    from central.tenants.models import CreateTenantInput

    try:
        return CreateTenantInput(slug=slug, name=name, owner_email=owner_email, owner_name=owner_name)
    except ValidationError as error:
        raise ValidationFailedError.from_details(error.errors()) from None


async def ensure_operator(container: "AsyncContainer", input: "CreateTenantInput") -> tuple["Tenant", "User"]:
    """Make the tenant, its owner and the owner's system permissions, as far as they are missing."""
    from central.access import SYSTEM_PERMISSIONS
    from central_server.infra.actor import SYSTEM
    from central_server.infra.db import Database
    from central_server.tenants.service import TenantService
    from central_server.users.inputs import NewUser
    from central_server.users.service import UserService

    tenants, users = await container.get(TenantService), await container.get(UserService)
    tenant = await tenants.get_tenant_by_ref(input.slug) or await tenants.TX_create_tenant(input)
    owner = await users.get_user_by_email(tenant.id, input.owner_email)
    if owner is None:
        new = NewUser(email=input.owner_email, display_name=input.owner_name, roles=("owner",))
        database = await container.get(Database)
        owner = await users.create_user(tenant.id, new, SYSTEM, database.autocommit(tenant.id))
    if "owner" not in owner.roles:
        raise CommandError(f"{owner.email} is in {tenant.slug}, but is not an owner; one of its owners can change that")
    await users.TX_set_system_permissions(tenant.id, owner.id, SYSTEM_PERMISSIONS)
    return tenant, owner


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    line = "central-server bootstrap --tenant acme --name 'Acme Inc' --owner-email ada@acme.example"
    add_command(program, bootstrap, line)
