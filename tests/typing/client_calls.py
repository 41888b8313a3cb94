"""What pyright and mypy say of the client's methods: run over this file, both must find nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import assert_type

from pydantic import SecretStr

from central.auth.models import SignedInPrivate, StartEmailCodeSignInResponse
from central.auth_connectors.models import AuthConnector, AuthConnectorPublic, EmailCodeSettingsInput
from central.domains.models import Domain
from central.jobs.models import Job, JobFile, RowError
from central.sessions.models import RevokeSessionsResponse, SessionPrivate
from central.tenants.models import Tenant, TenantPublic
from central.users.impersonation import ImpersonateUserResponse
from central.users.models import User, UserPrivate
from central.users.operations import DELETE_USER
from central_client import AsyncCentral, AsyncPager, Central, JobId, Page, Pager, UserId, gather, login, login_async
from central_client.call import Call
from central_client.resources.users import Users


def blocking(client: Central, user: UserId) -> None:
    """Call by the blocking client: it gives what the operation gives."""
    assert_type(client.users.me(), UserPrivate)
    assert_type(client.users.create(email="a@b.de", display_name="A", roles=["admin"]), User)
    assert_type(client.users.update(user=user, display_name=None), User)
    assert_type(client.users.delete(user=user), None)
    assert_type(client.tenants.create(slug="acme", name="Acme", owner_email="a@b.de"), Tenant)
    assert_type(client.tenants.get_public(), TenantPublic)
    assert_type(client.tenants.get_public(tenant="acme"), TenantPublic)
    assert_type(
        client.auth_connectors.create(name="Codes", settings=EmailCodeSettingsInput(kind="email_code")), AuthConnector
    )
    assert_type(client.domains.create(name="acme.example", include_subdomains=True), Domain)
    assert_type(client.sessions.revoke_all_mine(keep_current=False), RevokeSessionsResponse)
    assert_type(client.auth.sign_out(), None)
    assert_type(client.session_token, SecretStr | None)


def blocking_lists(client: Central) -> None:
    """Its lists are pagers of their items."""
    assert_type(client.users.list(limit=5, state="active", sort="-email"), Pager[User])
    assert_type(client.auth_connectors.list_public(), Pager[AuthConnectorPublic])
    assert_type(client.sessions.list_mine().first_page(), Page[SessionPrivate])
    assert_type(client.tenants.list().pages(), Iterator[Page[Tenant]])
    assert_type([user.email for user in client.users.list()], list[str])


def blocking_views(client: Central) -> None:
    """Make views: they are clients of the same kind."""
    assert_type(client.tenant("globex", session="token"), Central)
    assert_type(client.with_options(timeout=1.0, idempotency_key="k"), Central)
    with client as entered:
        assert_type(entered, Central)


def blocking_sign_in(client: Central) -> None:
    """Sign in: the callback is given the challenge."""

    def ask(challenge: StartEmailCodeSignInResponse) -> str:
        return input(f"Code for {challenge.sign_in}: ")

    assert_type(client.auth.sign_in_with_email_code(email="a@b.de", code=ask), SignedInPrivate)
    assert_type(client.auth.sign_in_again(code=ask), SignedInPrivate)


def blocking_impersonation(client: Central, user: UserId) -> None:
    """Act in somebody's name: the view is a client of the same kind."""
    with client.impersonate(user=user, reason="ticket 1", duration=timedelta(minutes=5)) as view:
        assert_type(view, Central)
    assert_type(client.users.impersonate(user=user, reason="ticket 1"), ImpersonateUserResponse)


async def awaited_impersonation(client: AsyncCentral, user: UserId) -> None:
    """The same, awaited."""
    async with client.impersonate(user=user, reason="ticket 1") as view:
        assert_type(view, AsyncCentral)


async def signed_in() -> None:
    """Sign in with a browser: each of the two gives its own kind of client."""
    assert_type(login("https://central.example.com", tenant="acme", how="device", show=print), Central)
    assert_type(await login_async(profile="work", fresh=True), AsyncCentral)


async def awaited(client: AsyncCentral, user: UserId) -> None:
    """Call by the asynchronous client: it gives the same, awaited."""
    assert_type(await client.users.me(), UserPrivate)
    assert_type(await client.users.create(email="a@b.de"), User)
    assert_type(await client.users.delete(user=user), None)
    assert_type(asyncio.create_task(client.users.me()), asyncio.Task[UserPrivate])
    assert_type(await gather([client.users.get(user=user)]), list[User])
    assert_type(await client.gather((client.users.get(user=user) for _ in range(3)), limit=2), list[User])


async def awaited_lists(client: AsyncCentral) -> None:
    """Its lists are asynchronous pagers."""
    assert_type(client.users.list(limit=5), AsyncPager[User])
    assert_type(client.users.list().pages(), AsyncIterator[Page[User]])
    assert_type(await client.users.list().first_page(), Page[User])
    assert_type([user.email async for user in client.users.list()], list[str])


def blocking_jobs(client: Central) -> None:
    """Import, wait and follow: each gives jobs."""
    assert_type(client.users.import_users([{"email": "a@b.de"}], dry_run=True, progress=print), Job)
    assert_type(client.jobs.wait(job="job-1", timeout=1.0, progress=True), Job)
    assert_type(list(client.jobs.follow(job="job-1")), list[Job])
    assert_type(client.jobs.download(job="job-1", to="users.csv", progress=True), JobFile)
    assert_type(client.users.export_users(to="users.csv", format="csv", role="owner", tag=["a:b"]), Job)
    assert_type(client.units.import_assignments("people.csv", on_missing="end", end_limit=1, source="hr"), Job)
    assert_type(client.units.export_assignments(to="people.csv", at=datetime.now(UTC)), Job)
    assert_type(client.sessions.start_revocation(role="member"), Job)
    assert_type(client.jobs.list_row_errors(job=client.jobs.get(job=JobId.new()).id), Pager[RowError])


async def awaited_jobs(client: AsyncCentral) -> None:
    """The same, awaited."""
    assert_type(await client.users.import_users("people.csv", match="external_id", source="hr"), Job)
    assert_type(await client.units.import_assignments([{"unit": "a", "user": "b@c.de"}], dry_run=True), Job)
    assert_type(await client.units.export_assignments(to="people.csv", format="ndjson"), Job)
    assert_type(await client.jobs.wait(job="job-1"), Job)
    assert_type(await client.jobs.download(job="job-1", to=BytesIO()), JobFile)
    assert_type(await client.events.export_events(to="events.ndjson", kind=["user.created"]), Job)
    assert_type([job async for job in client.jobs.follow(job="job-1")], list[Job])


async def awaited_sign_in(client: AsyncCentral) -> None:
    """Sign in by a callback of either kind; views and context managers keep the kind."""

    async def ask(challenge: StartEmailCodeSignInResponse) -> str:
        return challenge.sign_in

    assert_type(await client.auth.sign_in_with_email_code(email="a@b.de", code=ask), SignedInPrivate)
    assert_type(await client.auth.sign_in_with_email_code(email="a@b.de", code=lambda _: "1"), SignedInPrivate)
    assert_type(await client.auth.sign_in_again(code=ask), SignedInPrivate)
    async with client.tenant("globex").with_options(max_retries=0) as view:
        assert_type(view, AsyncCentral)


def declarations() -> None:
    """Look a declaration up on the class of a family, which knows the operation."""
    assert_type(Users.create.operation.output, type[User])
    assert_type(Call(DELETE_USER).operation.output, type[None])
