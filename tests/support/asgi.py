"""Requests as bytes: what a hostile client sends and no HTTP library would, straight into the application."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from central.kernel.wire import PROBLEM_CONTENT_TYPE

Header = tuple[str, str]
JSON_HEADER: Header = ("content-type", "application/json")


@dataclass(frozen=True)
class Reply:
    """What came back; header names in lower case."""

    status: int
    headers: Sequence[Header]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known == name), None)

    def json(self) -> Any:
        return json.loads(self.body)


async def ask(
    app: Any, method: str, target: str, headers: Iterable[Header] = (), body: bytes | Iterable[bytes] = b""
) -> Reply:
    """Send a request whose target, headers and chunks are exactly these; the path is decoded as uvicorn does."""
    path, _, query = target.partition("?")
    chunks = [body] if isinstance(body, bytes) else list(body)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8080),
    }
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    messages.append({"type": "http.disconnect"})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
    return Reply(sent[0]["status"], pairs, b"".join(message.get("body", b"") for message in sent[1:]))


def assert_problem(reply: Any, *statuses: int, code: str | None = None) -> dict[str, Any]:
    """Check that an answer, a `Reply` or one of httpx, is problem details, and give them."""
    status = reply.status if isinstance(reply, Reply) else reply.status_code
    headers = dict(reply.headers)
    problem: dict[str, Any] = reply.json()
    assert status in (statuses or range(400, 500)), (status, problem)
    assert headers["content-type"] == PROBLEM_CONTENT_TYPE
    assert set(problem) == {"type", "title", "status", "detail", "code", "requestId", "fieldErrors"}
    assert problem["status"] == status
    assert problem["requestId"] == headers["x-request-id"]
    assert bool(problem["fieldErrors"]) == (status == 422)
    assert code in {None, problem["code"]}, problem
    return problem
