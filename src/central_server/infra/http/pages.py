"""What is no JSON call: redirects, pages and probes, without the web framework in sight."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from central.errors import CentralError
from central_server.infra.actor import Caller


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


@dataclass(frozen=True, slots=True)
class BrowserRequest:
    """What a browser route gets: the names in its path, its query, the caller, the form of a POST, the body of a PUT.

    The form came from a page of this server in the same browser, and its token is taken out. Paths and forms hold
    tokens, and stay out of `repr`.
    """

    path: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str]
    headers: Mapping[bytes, bytes]
    caller: Caller
    form: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    body: AsyncIterator[bytes] = field(default_factory=_nothing, repr=False)

    @property
    def wants_page(self) -> bool:
        """Whether a person is in front of it, who reads pages and no JSON."""
        return b"text/html" in self.headers.get(b"accept", b"").lower()

    def resumed(self, field: str) -> dict[str, str]:
        """Give what a browser that connects again to a stream says it had last, as the input's field; empty else."""
        last = self.headers.get(b"last-event-id")
        return {field: last.decode("latin-1")} if last else {}


@dataclass(frozen=True, slots=True)
class BrowserResponse:
    """What a browser route gives. `policy` replaces the content security policy, `headers` those of the same name.

    `content` is sent as it comes, in the place of `body`; `length` is its size in bytes.
    """

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    location: str | None = None
    policy: str | None = None
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())
    content: AsyncIterator[bytes] | None = field(default=None, repr=False)
    length: int = -1


def redirect(location: str) -> BrowserResponse:
    """Send the browser elsewhere by GET (303)."""
    return BrowserResponse(303, location=location)


class ErrorPage(Protocol):
    """Shows errors to people."""

    async def show(self, error: CentralError, route: str, request: BrowserRequest) -> BrowserResponse:
        """Give the page for an error that a browser route raised."""
        ...
