# ruff: noqa: PLC0415  (the services are imported when they are needed)

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from central_server.cli.failures import CommandError
from central_server.cli.services import with_services
from central_server.cli.texts import add_command, family

if TYPE_CHECKING:
    from wireup import AsyncContainer

Tenant = Annotated[str, typer.Argument(help="The user's tenant, by id or slug.", show_default=False)]
Email = Annotated[str, typer.Argument(help="The user's address.", show_default=False)]
Permissions = Annotated[
    list[str] | None, typer.Option("--permission", help="Only this one; may be repeated.", show_default=False)
]
Change = Callable[[frozenset[str], frozenset[str]], frozenset[str]]


def grant(tenant: Tenant, email: Email, *, permission: Permissions = None) -> None:
    """Let a user act on the whole system: with every permission, or with those that are named."""
    _change(tenant, email, permission, lambda held, named: held | named)


def revoke(tenant: Tenant, email: Email, *, permission: Permissions = None) -> None:
    """Take from a user what they may do on the whole system, or only the permissions that are named."""
    _change(tenant, email, permission, lambda held, named: held - named)


def _change(tenant: str, email: str, named: list[str] | None, change: Change) -> None:
    permissions = _checked(named)

    async def work(container: "AsyncContainer") -> frozenset[str]:
        from central.errors import NotFoundError
        from central_server.tenants.service import TenantService
        from central_server.users.service import UserService

        users = await container.get(UserService)
        found = await (await container.get(TenantService)).get_tenant_by_ref(tenant)
        if found is None:
            raise NotFoundError.of("tenant", tenant)
        user = await users.get_user_by_email(found.id, email)
        if user is None:
            raise NotFoundError.of("user", email)
        held = await users.get_system_permissions(found.id, user.id) or frozenset()
        changed = change(held, permissions)
        await users.TX_set_system_permissions(found.id, user.id, sorted(changed))
        return changed

    left = with_services(work)
    typer.echo(f"{email} may now do this on the whole system: {', '.join(sorted(left)) or 'nothing'}")


def _checked(named: list[str] | None) -> frozenset[str]:
    from central.access import SYSTEM_PERMISSIONS

    known = frozenset[str](SYSTEM_PERMISSIONS)
    if unknown := sorted(set(named or ()) - known):
        raise CommandError(f"There is no permission {unknown[0]!r}; there are {', '.join(sorted(known))}", 2)
    return frozenset(named) if named else known


def add_to(program: typer.Typer) -> None:
    """Add the family."""
    line = "central-server operators grant acme ada@acme.example"
    operators = family("Who may act on the whole system.", line)
    add_command(operators, grant, line, f"{line} --permission tenants:read")
    add_command(operators, revoke, "central-server operators revoke acme ada@acme.example")
    program.add_typer(operators, name="operators")
