"""What is no JSON call: redirects, pages and probes, without the web framework in sight."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from central_server.infra.actor import Caller


@dataclass(frozen=True, slots=True)
class BrowserRequest:
    """What a browser route gets: the names in its path, its query, and the caller."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[bytes, bytes]
    caller: Caller


@dataclass(frozen=True, slots=True)
class BrowserResponse:
    """What a browser route gives. `policy` replaces the page's content security policy."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    location: str | None = None
    policy: str | None = None
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())


def redirect(location: str) -> BrowserResponse:
    """Send the browser elsewhere by GET (303)."""
    return BrowserResponse(303, location=location)
