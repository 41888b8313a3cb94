"""A signed-in caller without the typed client, for requests that it would refuse to send."""

import json
from typing import Any

from central_client import AsyncCentral
from support.asgi import JSON_HEADER, Header, Reply, ask
from support.place import Stack


def cookie_of(client: AsyncCentral) -> Header:
    """Give the header that a client's session travels in."""
    token = client.session_token
    assert token is not None, "the client is signed in"
    return "cookie", f"central_session={token.get_secret_value()}"


class Raw:
    """Sends requests as somebody, or as nobody."""

    def __init__(self, stack: Stack, client: AsyncCentral | None = None) -> None:
        self.app = stack.central
        self.session = [] if client is None else [cookie_of(client)]

    async def send(self, method: str, target: str, body: Any = None, *headers: Header) -> Reply:
        """Send JSON, or bytes and their chunks as they are; a body is declared as JSON unless told otherwise."""
        content = body if isinstance(body, bytes | list) else b"" if body is None else json.dumps(body).encode()
        declared = [] if body is None or any(name == "content-type" for name, _ in headers) else [JSON_HEADER]
        return await ask(self.app, method, target, [*self.session, *declared, *headers], content)
