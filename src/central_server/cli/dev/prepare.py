"""Prepares the database of a development server, in a process of its own: `python -m central_server.cli.dev.prepare`.

That process imports the whole server, which the one of `dev` never does: it has to be up at once.
"""

# ruff: noqa: PLC0415  (what is wrong is reported before anything else is imported)

import asyncio
import hashlib
import sys
from importlib import resources
from typing import TYPE_CHECKING

from central_server.cli.dev.environment import OWNER, TENANT
from central_server.cli.failures import explain

if TYPE_CHECKING:
    from central_server.infra.config import Settings

DATABASE = "--database"
SESSION = "--session"


def fingerprint(password: str) -> str:
    """Name what a database is prepared for: these migrations, this tenant, this password."""
    digest = hashlib.sha256(f"1|{TENANT}|{OWNER}|{password}".encode())
    versions = resources.files("central_server").joinpath("infra", "db", "migrations", "versions")
    for file in sorted(versions.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".py"):
            digest.update(file.read_bytes())
    digest.update(resources.files("central").joinpath("access.py").read_bytes())
    return digest.hexdigest()


async def prepare(settings: "Settings") -> None:
    """Make roles, tables, the tenant and its owner, as far as they are missing."""
    from urllib.parse import urlsplit

    from central_server.cli.bootstrap import checked, ensure_operator
    from central_server.cli.migrate import owner_url_of, upgrade_to
    from central_server.cli.services import services
    from central_server.infra.db.roles import APP_ROLE, ensure_roles

    owner_url = owner_url_of(settings)
    password = urlsplit(settings.database_url.get_secret_value()).password
    await ensure_roles(owner_url, APP_ROLE, password, replace_password=True)
    await upgrade_to(settings, owner_url)
    async with services(settings) as container:
        await ensure_operator(container, checked(TENANT, "Acme", OWNER, "Olivia Owner"))


async def issue_session(settings: "Settings") -> str:
    """Sign the owner in, by the one gate, and give the session's token."""
    from central_server.auth.issuing import SessionIssuer
    from central_server.cli.services import services
    from central_server.infra.actor import Caller, Cookies
    from central_server.infra.db import Database
    from central_server.tenants.service import TenantService
    from central_server.users.service import UserService

    async with services(settings) as container:
        tenant = await (await container.get(TenantService)).get_tenant_by_ref(TENANT)
        assert tenant is not None, "the database was prepared"
        user = await (await container.get(UserService)).get_user_by_email(tenant.id, OWNER)
        assert user is not None, "the database was prepared"
        caller = Caller("dev", "127.0.0.1", "central-server dev", Cookies())
        issuer = await container.get(SessionIssuer)
        async with (await container.get(Database)).write(tenant.id) as tx:
            return (await issuer.issue_session(tenant.id, user.id, None, caller, tx)).token


def main() -> None:
    """Do what is asked for: prepare the database, write the token of a new session of its owner to standard output."""
    from central_server.infra.config import load_settings
    from central_server.infra.logs import configure_logging

    try:
        settings = load_settings()
        configure_logging("warning")
        if DATABASE in sys.argv:
            asyncio.run(prepare(settings))
        if SESSION in sys.argv:
            sys.stdout.write(asyncio.run(issue_session(settings)))
    except Exception as error:
        failure = explain(error)
        if failure is None:
            raise
        sys.exit(failure.line)


if __name__ == "__main__":
    main()
