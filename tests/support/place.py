"""Where tests take place: the real API on a real database, and tenants with people who are signed in."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from asyncpg import connect

from central.access import SYSTEM_PERMISSIONS
from central.kernel.ids import AuthConnectorId, TenantId, UserId
from central.tenants.models import CreateTenantInput, Tenant
from central.users.models import User
from central_client import AsyncCentral
from central_server.app import Central
from central_server.auth.issuing import SessionIssuer
from central_server.infra.actor import Caller, Cookies
from central_server.infra.config import Settings
from central_server.infra.db import Database
from central_server.infra.db.migrate import upgrade
from central_server.infra.embedded.postgres import EmbeddedPostgres
from central_server.infra.rate_limits.policy import RULES
from central_server.infra.vault.keyring import generate_key
from central_server.tenants.service import TenantService
from central_server.users.service import UserService
from support.dns_server import DnsServer

APP_PASSWORD = "app-password-of-tests"
BASE_URL = "http://central.test"
RATE_LIMITS = [f"rate_limit_{rule.name}" for rule in RULES]


@dataclass
class Stack:
    """The API of this process, its settings and its superuser's address of the database."""

    central: Central
    settings: Settings
    superuser_url: str
    dns: DnsServer
    operator_user: User = field(init=False)

    def http(self) -> httpx.AsyncClient:
        """Give a plain HTTP client to the API, for what the typed client refuses to send."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.central), base_url=BASE_URL)

    def client(self, tenant: str | None = None, session: str | None = None) -> AsyncCentral:
        """Give a client to the API."""
        return AsyncCentral(BASE_URL, tenant=tenant, session=session, http_client=self.http(), max_retries=0)

    async def sign_in_operator(self) -> AsyncCentral:
        """Give a client of the operator, freshly signed in: suspending a tenant takes a sign-in of ten minutes ago."""
        tenant = self.operator_user.tenant_id
        return self.client(tenant, await self.session_of(tenant, self.operator_user.id))

    async def session_of(self, tenant: TenantId, user: UserId, connector: AuthConnectorId | None = None) -> str:
        """Sign a user in by the one gate, without a mail or a provider, and give the session's token."""
        issuer = await self.central.container.get(SessionIssuer)
        caller = Caller("tests", "127.0.0.1", "tests", Cookies())
        async with (await self.central.container.get(Database)).write(tenant) as tx:
            return (await issuer.issue_session(tenant, user, connector, caller, tx)).token


@dataclass
class Place:
    """A tenant with its owner, who is signed in."""

    stack: Stack
    tenant: Tenant
    owner_user: User
    owner: AsyncCentral

    @property
    def domain(self) -> str:
        """A domain that no other tenant has to do with; it is not claimed."""
        return f"{self.tenant.slug}.example"

    def address(self, local: str | None = None) -> str:
        """Give an address of that domain."""
        return f"{local or secrets.token_hex(6)}@{self.domain}"

    def anonymous(self) -> AsyncCentral:
        """Give a client that is not signed in."""
        return self.stack.client(self.tenant.slug)

    async def user(self, *roles: str, email: str | None = None) -> User:
        """Create a user."""
        address = email or f"{secrets.token_hex(6)}@example.com"
        return await self.owner.users.create(email=address, roles=list(roles or ("member",)))

    async def sign_in(self, user: User) -> AsyncCentral:
        """Give a client that a user is signed in with."""
        return self.stack.client(self.tenant.slug, await self.stack.session_of(self.tenant.id, user.id))

    async def suspend(self) -> None:
        """Have an operator suspend the tenant."""
        await (await self.stack.sign_in_operator()).tenants.suspend(tenant=self.tenant.id)

    async def begin_deletion(self) -> None:
        """Have the owner delete the tenant, which can be restored for a while."""
        owner = await self.sign_in(self.owner_user)
        await owner.tenants.delete_own(confirm=(await owner.tenants.get()).slug)

    async def restore(self) -> None:
        """Have an operator take that back."""
        await (await self.stack.sign_in_operator()).tenants.restore(tenant=self.tenant.id)

    async def signed_in(self, *roles: str) -> AsyncCentral:
        """Create a user with these roles and sign them in."""
        return await self.sign_in(await self.user(*roles))


async def make_place(stack: Stack) -> Place:
    """Create a tenant and sign its owner in."""
    tenants = await stack.central.container.get(TenantService)
    slug = f"t{secrets.token_hex(8)}"
    address = f"owner@{slug}.example"
    tenant = await tenants.TX_create_tenant(CreateTenantInput(slug=slug, name="Acme", owner_email=address))
    users = await stack.central.container.get(UserService)
    user = await users.get_user_by_email(tenant.id, address)
    assert user is not None
    client = stack.client(slug, await stack.session_of(tenant.id, user.id))
    return Place(stack, tenant, user, client)


@asynccontextmanager
async def make_stack(
    postgres: EmbeddedPostgres, database: str, mailbox: Path, **overrides: object
) -> AsyncIterator[Stack]:
    """Make a database, migrate it, and start the API on it."""
    connection = await connect(postgres.url())
    await connection.execute(f'CREATE DATABASE "{database}"')
    await connection.close()
    owner_url = postgres.url(database=database)
    await upgrade(owner_url, app_password=APP_PASSWORD)
    async with DnsServer() as dns:
        resolvers = {"dns_resolvers": dns.address, "dns_timeout": 30}
        database_url = postgres.url("central_app", APP_PASSWORD, database)
        settings = make_settings(database_url, mailbox, **resolvers | overrides)
        central = Central(settings)
        await central.start()
        stack = Stack(central, settings, owner_url, dns)
        place = await make_place(stack)
        users = await central.container.get(UserService)
        await users.TX_set_system_permissions(place.tenant.id, place.owner_user.id, SYSTEM_PERMISSIONS)
        stack.operator_user = place.owner_user
        try:
            yield stack
        finally:
            await central.stop()


def make_settings(database_url: str, mailbox: Path, **overrides: object) -> Settings:
    """Give the settings of a development server on this database, with limits that no test meets by chance."""
    values: dict[str, object] = {
        "environment": "development",
        "public_url": BASE_URL,
        "database_url": database_url,
        "vault_keys": f"test:{generate_key()}",
        "signing_keys": f"test:{generate_key()}",
        "mail_url": f"directory://{mailbox}",
        "mail_from": "Central <no-reply@central.test>",
        "object_store_url": mailbox.with_name(f"{mailbox.name}-objects").absolute().as_uri(),
        "temporal_address": "127.0.0.1:1",
        **dict.fromkeys(RATE_LIMITS, "1000000/1m"),
    }
    return Settings.model_validate({**values, **overrides})
