"""What no route serves: unknown paths, methods that a path does not have, and browsers that ask before they send."""

from time import perf_counter
from typing import Final

from blacksheep import Request, Response
from blacksheep.server.routing import Router

from central.errors import CentralError, NotFoundError
from central_server.infra.http.binding import HttpParts, answer_headers, caller_of, headers_of, problem_response

UNROUTED: Final = "unrouted"
"""What such requests are called where operations have their names."""

_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


class MethodNotAllowedError(CentralError):
    """405: the path exists, not with this method."""

    status = 405
    default_code = "method_not_allowed"
    title = "Method not allowed"


class Fallback:
    """Answers what no route serves, as problem details."""

    def __init__(self, router: Router, parts: HttpParts) -> None:
        self._router = router
        self._parts = parts

    async def answer(self, request: Request) -> Response:
        """Answer 404, 405 with `Allow`, or a preflight."""
        started = perf_counter()
        headers = headers_of(request)
        caller = caller_of(request, headers, self._parts)
        allowed = self._allowed(request.scope["path"].encode())
        if request.method == "OPTIONS" and allowed:
            out = answer_headers(self._parts, caller, headers)
            return Response(204, out + self._parts.origins.preflight_headers(headers.get(b"origin")))
        error: CentralError
        if allowed:
            error = MethodNotAllowedError(f"This path takes {allowed}.")
        else:
            error = NotFoundError("There is nothing at this path.", code="path_not_found")
        response = problem_response(error, self._parts, caller, headers)
        if allowed:
            response.add_header(b"allow", allowed.encode())
        self._parts.observer.finished(UNROUTED, error.status, started, caller)
        return response

    def _allowed(self, path: bytes) -> str:
        return ", ".join(
            method
            for method in _METHODS
            if any(route.match_by_path(path) for route in self._router.routes[method.encode()])
        )
