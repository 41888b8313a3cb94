"""`Central` and `AsyncCentral`: one surface, blocking and awaited."""

# ruff: noqa: PLC0415  (a family of operations, and the HTTP library, are loaded when they are first used)

from collections.abc import AsyncGenerator, Coroutine, Generator, Iterable, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from pydantic import SecretStr

from central.errors import CentralError, UnauthenticatedError
from central_client.call import IO, Async, Sync
from central_client.core import Shared
from central_client.credentials import Credentials, CredentialStore
from central_client.drivers import AsyncCaller, AsyncTransport, Caller, SyncCaller, SyncTransport
from central_client.options import Options
from central_client.settings import Settings, as_secret, check_tenant

if TYPE_CHECKING:
    from central_client.resources.auth import Auth
    from central_client.resources.auth_connectors import AuthConnectors
    from central_client.resources.domains import Domains
    from central_client.resources.emails import Emails
    from central_client.resources.events import Events
    from central_client.resources.explain import Explain
    from central_client.resources.identities import Identities
    from central_client.resources.images import Images
    from central_client.resources.invitations import Invitations
    from central_client.resources.jobs import Jobs
    from central_client.resources.roles import Roles
    from central_client.resources.sessions import Sessions
    from central_client.resources.tenants import Tenants
    from central_client.resources.units import Units
    from central_client.resources.users import Users
    from central_client.resources.webhooks import Webhooks
    from central_client.transport import AsyncHttpClient, HttpClient

T = TypeVar("T")


class CentralBase(Generic[IO]):
    """What both clients have: the families of operations, and views with other options or another tenant."""

    _caller: Caller[Any]

    @cached_property
    def tenants(self) -> "Tenants[IO]":
        """The tenants of the system."""
        from central_client.resources.tenants import Tenants

        return Tenants(self._caller)

    @cached_property
    def users(self) -> "Users[IO]":
        """The people of a tenant."""
        from central_client.resources.users import Users

        return Users(self._caller)

    @cached_property
    def emails(self) -> "Emails[IO]":
        """The addresses of a tenant's people."""
        from central_client.resources.emails import Emails

        return Emails(self._caller)

    @cached_property
    def explain(self) -> "Explain[IO]":
        """Why something is as it is."""
        from central_client.resources.explain import Explain

        return Explain(self._caller)

    @cached_property
    def roles(self) -> "Roles[IO]":
        """The roles that a tenant's people can hold."""
        from central_client.resources.roles import Roles

        return Roles(self._caller)

    @cached_property
    def auth_connectors(self) -> "AuthConnectors[IO]":
        """The ways into a tenant."""
        from central_client.resources.auth_connectors import AuthConnectors

        return AuthConnectors(self._caller)

    @cached_property
    def identities(self) -> "Identities[IO]":
        """Who people are at identity providers."""
        from central_client.resources.identities import Identities

        return Identities(self._caller)

    @cached_property
    def events(self) -> "Events[IO]":
        """What happened in a tenant."""
        from central_client.resources.events import Events

        return Events(self._caller)

    @cached_property
    def domains(self) -> "Domains[IO]":
        """The domains of a tenant, and their proofs."""
        from central_client.resources.domains import Domains

        return Domains(self._caller)

    @cached_property
    def sessions(self) -> "Sessions[IO]":
        """The signed-in browsers and programs of a tenant's users."""
        from central_client.resources.sessions import Sessions

        return Sessions(self._caller)

    @cached_property
    def auth(self) -> "Auth[IO]":
        """Signing in and out."""
        from central_client.resources.auth import Auth

        return Auth(self._caller)

    @cached_property
    def invitations(self) -> "Invitations[IO]":
        """The invitations into a tenant."""
        from central_client.resources.invitations import Invitations

        return Invitations(self._caller)

    @cached_property
    def units(self) -> "Units[IO]":
        """The organisation of a tenant: a tree of units."""
        from central_client.resources.units import Units

        return Units(self._caller)

    @cached_property
    def jobs(self) -> "Jobs[IO]":
        """Long work in a tenant."""
        from central_client.resources.jobs import Jobs

        return Jobs(self._caller)

    @cached_property
    def images(self) -> "Images[IO]":
        """Pictures in a tenant."""
        from central_client.resources.images import Images

        return Images(self._caller)

    @cached_property
    def webhooks(self) -> "Webhooks[IO]":
        """Where a tenant's events are sent to, and what became of each."""
        from central_client.resources.webhooks import Webhooks

        return Webhooks(self._caller)

    @property
    def session_token(self) -> SecretStr | None:
        """The token of the session that calls are made with, to be handed over or saved; None when signed out.

        Raises `SettingsError` as a call does, when nothing names a server.
        """
        return self._caller.scope().credentials.session

    def tenant(self, tenant: str, *, session: SecretStr | str | None = None) -> Self:
        """Give a view on another tenant, by id or slug, over the same connections.

        It begins signed out, unless this client has signed in there or `tenant` is the client's own; signing in
        by the view signs this client in there. With `session` the view has a user of its own, apart from the
        client's. Raises `SettingsError` for what cannot be a tenant or a session.
        """
        caller = self._caller
        check_tenant(tenant)
        store = caller.store
        if token := as_secret(session):
            store = CredentialStore(Credentials(token))
            store.adopt(tenant, store.own)
        return self._view(type(caller)(caller.shared, caller.options, store, tenant))

    def with_options(
        self,
        *,
        timeout: float | None = None,
        max_retries: int | None = None,
        max_retry_after: float | None = None,
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Give a view with other options over the same connections, tenant and session; None changes nothing.

        `timeout` and `max_retry_after` are in seconds, as in the constructor. `idempotency_key` goes with every
        POST and PATCH of the view: the server does such a call once, however often it is made. `headers` are
        added to every request. Raises `SettingsError` for values that cannot be.
        """
        caller = self._caller
        options = caller.options.changed(
            timeout=timeout,
            max_retries=max_retries,
            max_retry_after=max_retry_after,
            idempotency_key=idempotency_key,
            headers=headers,
        )
        return self._view(type(caller)(caller.shared, options, caller.store, caller.tenant))

    def _view(self, caller: Caller[Any]) -> Self:
        view = object.__new__(type(self))
        view._caller = caller
        return view

    def __repr__(self) -> str:
        given = self._caller.shared.given
        return f"{type(self).__name__}({given.base_url!r}, tenant={self._caller.tenant or given.tenant!r})"


class Central(CentralBase[Sync]):
    """A client whose calls block; safe to share between threads.

    `base_url`, `tenant` (id or slug) and `session` (a token) are taken from the arguments, else from
    `CENTRAL_URL`, `CENTRAL_TENANT` and `CENTRAL_SESSION`, else from a profile of the file
    `~/.config/central/profiles.toml` (`CENTRAL_CONFIG`), which is read when one is named (`profile`,
    `CENTRAL_PROFILE`) or when nothing else gives a base URL. A session goes only to the server and tenant that
    its own source names. All of this is looked up at the first call; making a client does no I/O.

    `timeout` is in seconds: how long one attempt may wait to connect, for each read and each write. Connection
    errors and the statuses 429, 502, 503 and 504 are tried again up to `max_retries` times, after 0 to 0.5, 1, 2,
    … 8 seconds or what the server's `Retry-After` says; where that is more than `max_retry_after` seconds, the
    call fails at once. Every POST and PATCH carries an `Idempotency-Key`, the same over its retries, so that it is
    done once. A DELETE whose first answer was lost may end in `NotFoundError`.

    `http_client` is a client of httpx, or of the API-compatible httpx2, to send by: it stays the caller's to
    close, its own default headers and cookies are not sent, and the session cookie never stays in its jar.

    Every call raises a `CentralError`: `ValidationFailedError` before anything is sent when the input is wrong,
    what the server raised, `ConnectionFailedError` when no answer came, `SettingsError` when no server is named.
    After closing, calls raise `RuntimeError`; views share the connections, so closing one closes all.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        tenant: str | None = None,
        session: SecretStr | str | None = None,
        profile: str | None = None,
        timeout: float = 30.0,
        max_retries: int = 3,
        max_retry_after: float = 60.0,
        headers: Mapping[str, str] | None = None,
        http_client: "HttpClient | None" = None,
    ) -> None:
        def connect() -> SyncTransport:
            from central_client.transport import BlockingTransport

            return BlockingTransport(http_client)

        options = Options().changed(
            timeout=timeout, max_retries=max_retries, max_retry_after=max_retry_after, headers=headers
        )
        shared = Shared(Settings.checked(base_url, tenant, session), profile, connect)
        self._caller = SyncCaller(shared, options, shared.credentials)

    @contextmanager
    def impersonate(
        self, *, user: str, reason: str, duration: timedelta | None = None, tenant: str | None = None
    ) -> Generator[Self]:
        """Act in a user's name within a block, by a view; the client keeps its own session.

        The server tells what was done so, and by whom; the user sees it and the `reason` among their sessions. The
        session ends with the block, at the latest after `duration`: half an hour, or up to one. Raises what
        `users.impersonate` raises.
        """
        from central_client.impersonation import begin_impersonation

        caller, asked = self._caller, {"user": user, "reason": reason, "duration": duration, "tenant": tenant}
        store: CredentialStore = caller.run(begin_impersonation(caller, asked))
        view = self._view(SyncCaller(caller.shared, caller.options, store, tenant or caller.tenant))
        try:
            yield view
        except BaseException:
            with suppress(CentralError):  # what went wrong in the block is what counts
                view.auth.sign_out()
            raise
        with suppress(UnauthenticatedError):  # it has ended already
            view.auth.sign_out()

    def close(self) -> None:
        """Close the connections, also of all views; a second time does nothing."""
        if transport := self._caller.shared.close():
            transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncCentral(CentralBase[Async]):
    """A client whose calls are awaited, on one event loop: another loop raises `RuntimeError`.

    Settings, options, errors and views are those of `Central`; `http_client` is an `AsyncClient`.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        tenant: str | None = None,
        session: SecretStr | str | None = None,
        profile: str | None = None,
        timeout: float = 30.0,
        max_retries: int = 3,
        max_retry_after: float = 60.0,
        headers: Mapping[str, str] | None = None,
        http_client: "AsyncHttpClient | None" = None,
    ) -> None:
        def connect() -> AsyncTransport:
            from central_client.transport import LoopTransport

            return LoopTransport(http_client)

        options = Options().changed(
            timeout=timeout, max_retries=max_retries, max_retry_after=max_retry_after, headers=headers
        )
        shared = Shared(Settings.checked(base_url, tenant, session), profile, connect)
        self._caller = AsyncCaller(shared, options, shared.credentials)

    async def gather(self, calls: Iterable[Coroutine[Any, Any, T]], *, limit: int = 16) -> list[T]:
        """Await many calls, at most `limit` at a time, and give their results in order; see `gather`."""
        from central_client.fan_out import gather

        return await gather(calls, limit=limit)

    @asynccontextmanager
    async def impersonate(
        self, *, user: str, reason: str, duration: timedelta | None = None, tenant: str | None = None
    ) -> AsyncGenerator[Self]:
        """As `Central.impersonate`, awaited."""
        from central_client.impersonation import begin_impersonation

        caller, asked = self._caller, {"user": user, "reason": reason, "duration": duration, "tenant": tenant}
        store: CredentialStore = await caller.run(begin_impersonation(caller, asked))
        view = self._view(AsyncCaller(caller.shared, caller.options, store, tenant or caller.tenant))
        try:
            yield view
        except BaseException:
            with suppress(CentralError):  # what went wrong in the block is what counts
                await view.auth.sign_out()
            raise
        with suppress(UnauthenticatedError):  # it has ended already
            await view.auth.sign_out()

    async def aclose(self) -> None:
        """Close the connections, also of all views; a second time does nothing."""
        if transport := self._caller.shared.close():
            await transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
