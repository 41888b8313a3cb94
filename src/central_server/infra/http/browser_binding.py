"""Serves browser routes: the same care as for operations, with pages, forms and redirects in the place of JSON."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from time import perf_counter
from typing import Final, cast

from blacksheep import Content, Request, Response
from blacksheep.contents import StreamedContent

from central.errors import CentralError, InternalServerError
from central.kernel.operation import BrowserRoute
from central_server.infra.actor import Caller
from central_server.infra.http.binding import (
    Headers,
    HttpParts,
    answer_headers,
    body_of,
    caller_of,
    check_header_size,
    headers_of,
    problem_response,
)
from central_server.infra.http.browser import PAGE_HEADERS
from central_server.infra.http.forms import FORM_TOKEN
from central_server.infra.http.pages import BrowserRequest, BrowserResponse
from central_server.infra.http.reading import check_declared_size, parse_form, parse_query, read_body
from central_server.infra.logs import component_logger

BrowserHandler = Callable[[BrowserRequest], Awaitable[BrowserResponse]]
QUIET: Final = frozenset({"meta.liveness", "meta.readiness"})
"""Routes that are asked every few seconds: only the answers that say that something is wrong are written down."""
_MOST_FORM_BYTES = 16_384


class BrowserEndpoint:
    """Serves one browser route.

    A POST takes forms of this server's own pages, sent back by the same browser. A PUT takes a file, which its handler
    reads as it comes and bounds; as no cookie may let it in, it needs no care about whose page sent it.
    """

    def __init__(self, route: BrowserRoute, handler: BrowserHandler, parts: HttpParts) -> None:
        self._route = route
        self._handler = handler
        self._parts = parts
        self._meter = parts.limiter.meter(route.rate)
        self._log = component_logger(self)

    async def answer(self, request: Request) -> Response:
        """Answer, whatever happens."""
        started = perf_counter()
        headers = headers_of(request)
        caller = caller_of(request, headers, self._parts)
        failure: Exception | None = None
        try:
            caller = await self._admit(request, headers, caller)
            response = await self._serve(request, headers, caller)
        except CentralError as error:
            response = await self._refuse(error, request, headers, caller)
        except Exception as error:  # noqa: BLE001 (as in `Endpoint`)
            failure = error
            fault = InternalServerError("Something went wrong on our side; the request id leads to it in the logs.")
            response = await self._refuse(fault, request, headers, caller)
        if self._route.name not in QUIET or response.status >= 400:
            self._parts.observer.finished(self._route.name, response.status, started, caller, failure)
        return response

    async def _admit(self, request: Request, headers: Headers, caller: Caller) -> Caller:
        """Find out who is signed in, where the route is for those."""
        caller.cookies = self._parts.cookies.read(headers.get(b"cookie"))
        check_header_size(request, self._parts.settings.max_header_bytes)
        if self._route.access is None:
            return caller
        return await self._parts.gate.admit(caller, _path(request)["tenant"])

    async def _serve(self, request: Request, headers: Headers, caller: Caller) -> Response:
        takes_form = self._route.method == "POST"
        if takes_form:
            self._parts.origins.check_form(headers)
        if (meter := self._meter) is not None:
            await meter.count(caller)
        query = parse_query(request.scope["query_string"])
        form = await self._read_form(request, headers, caller) if takes_form else {}
        body = {"body": _pieces_of(request)} if self._route.method == "PUT" else {}
        answer = await self._handler(BrowserRequest(_path(request), query, headers, caller, form, **body))
        if meter is not None and meter.forgives and answer.status < 400:
            await meter.forgive(caller)
        return self._write(answer, headers, caller, request)

    async def _read_form(self, request: Request, headers: Headers, caller: Caller) -> dict[str, str]:
        """Read a form of a page that was sent to this browser; `ForbiddenError` for any other."""
        check_declared_size(headers, _MOST_FORM_BYTES)
        form = parse_form(await read_body(body_of(request), _MOST_FORM_BYTES))
        self._parts.forms.check(caller.cookies.sign_in, form.pop(FORM_TOKEN, None))
        return form

    async def _refuse(self, error: CentralError, request: Request, headers: Headers, caller: Caller) -> Response:
        """Show an error to a person as a page, and to a program as problem details."""
        page = self._parts.error_page
        asked = BrowserRequest(_path(request), _readable_query(request), headers, caller)
        if page is None or not asked.wants_page:
            return problem_response(error, self._parts, caller, headers)
        try:
            return self._write(await page.show(error, self._route.name, asked), headers, caller)
        except Exception as failure:  # noqa: BLE001 (the error itself is still to be told)
            self._log.error("error page failed", request_id=caller.request_id, exc_info=failure)
            return problem_response(error, self._parts, caller, headers)

    def _write(
        self, answer: BrowserResponse, headers: Headers, caller: Caller, request: Request | None = None
    ) -> Response:
        out = [*answer_headers(self._parts, caller, headers), *PAGE_HEADERS]
        own = list(answer.headers)
        if answer.policy is not None:
            own.append((b"content-security-policy", answer.policy.encode()))
        if answer.location is not None:
            own.append((b"location", answer.location.encode("ascii")))
        replaced = {name for name, _ in own}
        out = [pair for pair in out if pair[0] not in replaced] + own
        return Response(answer.status, out, _content(answer, request))


def _content(answer: BrowserResponse, request: Request | None) -> Content | None:
    content, kind = answer.content, answer.content_type.encode()
    if content is None or request is None:
        return Content(kind, answer.body) if answer.body else None

    async def pieces() -> AsyncGenerator[bytes]:
        async for piece in content:
            if await request.is_disconnected():
                return  # what is written is thrown away, and nothing else says so
            yield piece

    return StreamedContent(kind, pieces, answer.length)


async def _pieces_of(request: Request) -> AsyncGenerator[bytes]:
    """Give the body, which the framework wants read once it was asked for, when it is read."""
    async for piece in body_of(request):
        yield piece


def _path(request: Request) -> Mapping[str, str]:
    return cast("Mapping[str, str]", request.route_values or {})


def _readable_query(request: Request) -> dict[str, str]:
    """Give the query, or none where it is what the error is about."""
    try:
        return parse_query(request.scope["query_string"])
    except CentralError:
        return {}
