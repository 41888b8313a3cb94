"""The API as an ASGI application: the one place that puts routes, container and web framework together."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from blacksheep import Application, Request, Response
from blacksheep.server.routing import Router
from prometheus_client import CollectorRegistry
from wireup import AsyncContainer

from central.catalog import BROWSER_ROUTES, CATALOG
from central.kernel.operation import BrowserRoute, Operation
from central_server.auth.gate import SessionGate
from central_server.connecting import DatabaseStart
from central_server.container import ROUTES, build_container, resolve
from central_server.dev_mailbox import DevMailboxRoutes
from central_server.events.feed import FeedNews
from central_server.infra.config import Settings
from central_server.infra.db import Database
from central_server.infra.http.binding import Endpoint, HttpParts
from central_server.infra.http.browser_binding import QUIET, BrowserEndpoint
from central_server.infra.http.fallback import UNROUTED, Fallback
from central_server.infra.http.forms import FormTokens
from central_server.infra.http.handles import marked_methods
from central_server.infra.mail import DirectoryMailer, Mailer
from central_server.infra.outbound import OutboundClient
from central_server.infra.rate_limits.limiter import RateLimiter
from central_server.infra.rate_limits.settled import SettledBuckets
from central_server.infra.telemetry import Traces
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.vault import Vault
from central_server.jobs.news import JobNews
from central_server.meta import MetaRoutes, Readiness
from central_server.sessions.touches import SessionTouches
from central_server.sign_in_pages.error_pages import SignInErrorPages
from central_server.units.access import UnitAccess

_MAILBOX = "dev.mailbox"


class Central:
    """The API of one process. An ASGI application, with its container for tests and tools to look into."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.container: AsyncContainer = build_container(settings)
        self.router = Router()
        self._database: DatabaseStart | None = None
        self._application = Application(router=self.router)
        self._application.on_start += self._start
        self._application.on_stop += self._stop

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve, as ASGI says."""
        await self._application(scope, receive, send)

    async def start(self) -> None:
        """Start without an ASGI server, as tests do."""
        await self._application.start()  # type: ignore[no-untyped-call] # the framework's stub lacks its type

    async def stop(self) -> None:
        """Stop what `start` started."""
        await self._application.stop()  # type: ignore[no-untyped-call] # the framework's stub lacks its type

    async def _start(self, _: Application) -> None:
        container = self.container
        database = await container.get(Database)
        registry = await container.get(CollectorRegistry)
        gate, limiter = await container.get(SessionGate), await container.get(RateLimiter)
        vault = await container.get(Vault)
        traces = await container.get(Traces)
        forms, error_page = await container.get(FormTokens), await container.get(SignInErrorPages)
        judge = await container.get(UnitAccess)
        parts = HttpParts.build(
            self.settings, database, gate, judge, registry, limiter, vault, forms, error_page, traces
        )
        routes = await resolve(container, ROUTES)
        routes.append(MetaRoutes(Readiness(database, await container.get(TemporalConnection))))
        mailer = await container.get(Mailer)
        if self.settings.development and isinstance(mailer, DirectoryMailer):
            routes.append(DevMailboxRoutes(mailer))
        self._mount(routes, parts)
        self._database = DatabaseStart(database)
        await self._database.start()
        await (await container.get(SessionTouches)).start()
        await (await container.get(SettledBuckets)).start()

    async def _stop(self, _: Application) -> None:
        await (await self.container.get(FeedNews)).close()
        await (await self.container.get(JobNews)).close()
        await (await self.container.get(SettledBuckets)).close()
        await (await self.container.get(SessionTouches)).close()
        await (await self.container.get(OutboundClient)).aclose()
        if self._database is not None:
            await self._database.close()
        await asyncio.to_thread((await self.container.get(Traces)).close)

    def _mount(self, routes: Iterable[object], parts: HttpParts) -> None:
        """Give every declared operation and browser route its endpoint; refuse to start when one has none."""
        missing = {operation.name for operation in CATALOG} | {route.name for route in BROWSER_ROUTES} - {_MAILBOX}
        marked = [pair for holder in routes for pair in marked_methods(holder)]
        for declared, method in marked:
            answer = _endpoint(declared, method, parts)
            if declared.name not in QUIET:
                answer = parts.traces.request(declared.name, declared.method, declared.path, answer)
            route = self.router.create_route(declared.path, _as_handler(answer))
            self.router.add_route(declared.method.encode(), route)
            missing.discard(declared.name)
        if missing:
            raise TypeError(f"nothing serves: {', '.join(sorted(missing))}")
        self.router.sort_routes()  # type: ignore[no-untyped-call] # the framework's stub lacks its type
        fallback = Fallback(self.router, parts)
        self.router.fallback = _as_handler(parts.traces.request(UNROUTED, "_OTHER", "", fallback.answer))


def _endpoint(
    declared: Operation[..., Any, Any] | BrowserRoute, method: Callable[..., Awaitable[Any]], parts: HttpParts
) -> Callable[[Request], Awaitable[Response]]:
    if isinstance(declared, BrowserRoute):
        return BrowserEndpoint(declared, method, parts).answer
    return Endpoint(declared, method, parts).answer


def _as_handler(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Give the one form of handler that the framework leaves as it is: a function, on which it puts a mark."""

    async def handle(request: Request) -> Response:
        return await answer(request)

    return handle
