"""Serves browser routes: the same care as for operations, with pages and redirects in the place of JSON."""

from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import cast

from blacksheep import Content, Request, Response

from central.errors import CentralError, InternalServerError
from central.kernel.operation import BrowserRoute
from central_server.infra.actor import Caller
from central_server.infra.http.binding import (
    Headers,
    HttpParts,
    answer_headers,
    caller_of,
    check_header_size,
    headers_of,
    problem_response,
)
from central_server.infra.http.browser import PAGE_HEADERS
from central_server.infra.http.pages import BrowserRequest, BrowserResponse
from central_server.infra.http.reading import parse_query

BrowserHandler = Callable[[BrowserRequest], Awaitable[BrowserResponse]]
_QUIET = frozenset({"meta.liveness", "meta.readiness"})


class BrowserEndpoint:
    """Serves one browser route."""

    def __init__(self, route: BrowserRoute, handler: BrowserHandler, parts: HttpParts) -> None:
        self._route = route
        self._handler = handler
        self._parts = parts
        self._meter = parts.limiter.meter(route.rate)

    async def answer(self, request: Request) -> Response:
        """Answer, whatever happens."""
        started = perf_counter()
        headers = headers_of(request)
        caller = caller_of(request, headers, self._parts)
        failure: Exception | None = None
        try:
            response = await self._serve(request, headers, caller)
        except CentralError as error:
            response = problem_response(error, self._parts, caller, headers)
        except Exception as error:  # noqa: BLE001 (as in `Endpoint`)
            failure = error
            fault = InternalServerError("Something went wrong on our side; the request id leads to it in the logs.")
            response = problem_response(fault, self._parts, caller, headers)
        if self._route.name not in _QUIET or response.status >= 400:
            self._parts.observer.finished(self._route.name, response.status, started, caller, failure)
        return response

    async def _serve(self, request: Request, headers: Headers, caller: Caller) -> Response:
        caller.cookies = self._parts.cookies.read(headers.get(b"cookie"))
        check_header_size(request, self._parts.settings.max_header_bytes)
        if self._meter is not None:
            await self._meter.count(caller)
        query = parse_query(request.scope["query_string"])
        path = cast("Mapping[str, str]", request.route_values or {})
        answer = await self._handler(BrowserRequest(path, query, headers, caller))
        return self._write(answer, headers, caller)

    def _write(self, answer: BrowserResponse, headers: Headers, caller: Caller) -> Response:
        out = [*answer_headers(self._parts, caller, headers), *PAGE_HEADERS]
        if answer.policy is not None:
            out = [pair for pair in out if pair[0] != b"content-security-policy"]
            out.append((b"content-security-policy", answer.policy.encode()))
        if answer.location is not None:
            out.append((b"location", answer.location.encode("ascii")))
        out += answer.headers
        content = Content(answer.content_type.encode(), answer.body) if answer.body else None
        return Response(answer.status, out, content)
