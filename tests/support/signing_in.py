"""Signing in as people do: with a browser that keeps cookies, at a provider or with the code of a mail."""

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from central.auth.models import SignedInPrivate
from central.auth_connectors.models import AuthConnector, OidcSettingsInput
from central.auth_connectors.provisioning import ProvisioningInput
from central.kernel.ids import AuthConnectorId, SignInId, UserId
from central_client import AsyncCentral
from central_server.auth.code_budget import LONG, SHORT
from central_server.auth.codes import EmailCodes
from central_server.auth.policy import code_of
from central_server.infra.vault import Vault, associated_data
from support.database import superuser
from support.domains import has_verified, verify_domain
from support.place import Place, Stack
from support.provider import Person, Provider


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    """An OpenID provider of the test's own."""
    async with Provider() as running:
        yield running


async def connect_provider(
    place: Place,
    provider: Provider,
    *,
    trusted: Sequence[str] = (),
    allowed: Sequence[str] | None = None,
    verified: bool = True,
    name: str | None = None,
    **provisioning: Any,
) -> AuthConnector:
    """Create an enabled connector for a provider; `trusted` domains link, `allowed` ones are let in just in time.

    The tenant's own domain is verified first, if it is one of them: unverified it would do neither.
    """
    if verified and place.domain in {*trusted, *(allowed or ())} and not await has_verified(place, place.domain):
        await verify_domain(place)
    return await place.owner.auth_connectors.create(
        name=name or f"Provider {secrets.token_hex(4)}",
        settings=OidcSettingsInput(
            kind="oidc",
            issuer=provider.issuer,
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            trusted_domains=list(trusted),
        ),
        provisioning=ProvisioningInput(
            just_in_time=allowed is not None, allowed_domains=list(allowed or ()), **provisioning
        ),
        enabled=True,
        force=True,
    )


@dataclass
class Browser:
    """A browser with a cookie jar, at one tenant."""

    place: Place
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.http = self.place.stack.http()

    @property
    def session(self) -> str | None:
        """The session cookie that it has."""
        return self.http.cookies.get("central_session")

    @property
    def binding(self) -> str | None:
        """The cookie that binds sign-ins to it."""
        return self.http.cookies.get("central_signin")

    async def start(self, connector: AuthConnectorId, **query: str) -> str:
        """Begin a sign-in at a provider; gives where the browser is sent."""
        path = f"/v1/tenants/{self.place.tenant.slug}/auth-connectors/{connector}/start"
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def go(self, callback_url: str) -> httpx.Response:
        """Come back from the provider."""
        return await self.http.get(callback_url)

    async def begin(self, provider: Provider, connector: AuthConnectorId, **query: str) -> str:
        """Begin a sign-in, let the provider agree, and give the callback address without going there."""
        return await provider.authorize(await self.start(connector, **query))

    async def sign_in(self, provider: Provider, connector: AuthConnectorId, **query: str) -> httpx.Response:
        """Sign in from start to end; gives the answer to the callback."""
        return await self.go(await self.begin(provider, connector, **query))

    def client(self) -> AsyncCentral:
        """Give a client with the session of this browser."""
        assert self.session is not None, "signed in"
        return self.place.stack.client(self.place.tenant.slug, self.session)

    async def aclose(self) -> None:
        """Close it."""
        await self.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def query_of(url: str) -> dict[str, str]:
    """Read the query of an address."""
    return dict(parse_qsl(urlsplit(url).query))


def person(email: str | None = None, *, sub: str | None = None, verified: Any = True) -> Person:
    """Make a person, with an address of their own unless one is given."""
    sub = sub or secrets.token_hex(8)
    return Person(sub=sub, email=email or f"{sub}@example.com", email_verified=verified)


async def mailed_token(place: Place, sign_in: SignInId) -> str:
    """Give the token of a sign-in's link, as the worker would mail it, whoever it is for."""
    async with superuser(place.stack) as connection:
        sealed = await connection.fetchval("SELECT token FROM email_codes WHERE id = $1", sign_in.uuid)
    vault = await place.stack.central.container.get(Vault)
    return vault.open(sealed, associated_data(place.tenant.id, "email_codes", "token", sign_in)).decode()


async def mailed_code(place: Place, sign_in: SignInId) -> str:
    """Give the code of a sign-in, as the worker would mail it, whoever it is for."""
    async with superuser(place.stack) as connection:
        shared = await connection.fetchval("SELECT shared FROM email_codes WHERE id = $1", sign_in.uuid)
    return code_of(await mailed_token(place, sign_in), LONG if shared else SHORT)


def wrong(code: str) -> str:
    """Give a code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def email_codes(stack: Stack) -> EmailCodes:
    """Give the service behind mailed codes."""
    return await stack.central.container.get(EmailCodes)


async def sign_in_by_code(place: Place, client: AsyncCentral, email: str) -> SignedInPrivate:
    """Sign a client in by a mailed code."""
    started = await client.auth.start_email_code(email=email)
    return await client.auth.verify_email_code(sign_in=started.sign_in, code=await mailed_code(place, started.sign_in))


async def count_sessions(place: Place, user: UserId | None = None) -> int:
    """Count the sessions of a tenant, or of a user, that have not ended, but for those made by the tests' short cut."""
    condition = "" if user is None else " AND user_id = $2"
    arguments = [place.tenant.id.uuid] if user is None else [place.tenant.id.uuid, user.uuid]
    async with superuser(place.stack) as connection:
        found: int = await connection.fetchval(
            f"SELECT count(*) FROM sessions WHERE tenant_id = $1 AND ended_at IS NULL AND connector_id IS NOT NULL"
            f"{condition}",
            *arguments,
        )
    return found


async def failures(place: Place) -> list[str]:
    """Give the reasons of the refused sign-ins that the tenant's administrators are told of, in order."""
    async with superuser(place.stack) as connection:
        rows = await connection.fetch(
            "SELECT payload ->> 'reason' AS reason FROM outbox"
            " WHERE tenant_id = $1 AND kind = 'auth.sign_in.failed' ORDER BY created_at, id",
            place.tenant.id.uuid,
        )
    return [row["reason"] for row in rows]


async def run_sql(place: Place, statement: str, *arguments: object) -> None:
    """Change the database behind the API's back."""
    async with superuser(place.stack) as connection:
        await connection.execute(statement, *arguments)
