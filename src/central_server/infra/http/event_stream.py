"""Server-sent events (WHATWG HTML, section 9.2): how they are written, and for how long one stream goes on."""

from collections.abc import AsyncIterator
from typing import Final

from central_server.infra.http.pages import BrowserResponse

BEGINNING: Final = b"retry: 2000\n\n"
"""A browser that lost the connection comes back after two seconds."""
NOTHING_YET: Final = b": nothing yet\n\n"
"""A comment: it keeps the connection alive, and writing it shows whether the reader has gone."""
LONGEST: Final = 300.0
"""Seconds. A stream ends after this, and whoever reads it begins again where it was, perhaps at another server."""
_HEADERS = ((b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"))


def event_stream(content: AsyncIterator[bytes]) -> BrowserResponse:
    """Send events as they come; no proxy is to keep them back."""
    return BrowserResponse(200, content_type="text/event-stream", headers=_HEADERS, content=content)


def written(id: object, name: str, data: str) -> bytes:
    """Write one event. Its data is JSON on one line; a reader that comes back says which id it had last."""
    return f"id: {id}\nevent: {name}\ndata: {data}\n\n".encode()
