"""The limit: as fast as Python serves the three requests when written by hand, in plain ASGI."""

import os
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from pydantic import ValidationError

from bench.limit.handlers import Handlers, Problem
from bench.limit.pool import HandOffPool

_JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", b"application/problem+json")
_POOL_SIZE = 20

pool = HandOffPool()
handlers = Handlers(pool)


async def app(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]):
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    content_type = _JSON
    try:
        status, body = await _route(scope, receive)
    except Problem as problem:
        body, status, content_type = problem.body, problem.status, _PROBLEM
    except ValidationError as error:
        body, status, content_type = error.json(include_input=False).encode(), 422, _PROBLEM
    headers = [content_type, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _route(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]]) -> tuple[int, bytes]:
    parts = scope["path"].split("/")
    token = _token(scope["headers"])
    route = (scope["method"], parts[4] if len(parts) == 5 else "")
    if route == ("GET", "me"):
        return 200, await handlers.me(parts[3], token)
    if route == ("GET", "users"):
        return 200, await handlers.users(parts[3], token, *_paging(scope["query_string"]))
    if route == ("POST", "users"):
        return 201, await handlers.create(parts[3], token, await _body(receive))
    raise Problem(404, "There is nothing here.")


def _token(headers: list[tuple[bytes, bytes]]) -> bytes:
    for name, value in headers:
        if name == b"cookie":
            for cookie in value.split(b"; "):
                if cookie.startswith(b"central_session="):
                    return cookie[16:]
    raise Problem(401, "Sign in first.")


def _paging(query: bytes) -> tuple[int, str | None]:
    given = parse_qs(query.decode())
    limit = given.get("limit", ["50"])[0]
    if not limit.isascii() or not limit.isdecimal() or not 1 <= int(limit) <= 200:
        raise Problem(422, "limit is 1 to 200.")
    return int(limit), given.get("cursor", [None])[0]


async def _body(receive: Callable[[], Awaitable[Any]]) -> bytes:
    message = await receive()
    body: bytes = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    return body


async def _lifespan(receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    await receive()
    await pool.start(os.environ["DATABASE_URL"], _POOL_SIZE)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await pool.close()
    await send({"type": "lifespan.shutdown.complete"})
