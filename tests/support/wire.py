"""What goes over the wire: to the API of this process, or by the network to whomever it is for."""

from collections import deque
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from support.place import BASE_URL, Stack


class Sent(NamedTuple):
    """A request that went out."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class Wire(httpx.AsyncBaseTransport):
    """Brings requests to their places and keeps them; those to others than the API fail first as `failures` say."""

    def __init__(self, stack: Stack) -> None:
        self._api = httpx.ASGITransport(stack.central)
        self._network = httpx.AsyncHTTPTransport()
        self.to_api: list[Sent] = []
        self.to_others: list[Sent] = []
        self.failures: deque[int | Exception] = deque()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Bring a request to its place."""
        ours = request.url.host == urlsplit(BASE_URL).hostname
        body = await request.aread()
        sent = Sent(request.method, str(request.url), dict(request.headers), body)
        (self.to_api if ours else self.to_others).append(sent)
        whole = httpx.Request(request.method, request.url, headers=request.headers, content=body)
        if ours:
            return await self._api.handle_async_request(whole)
        if self.failures:
            return _failed(self.failures.popleft())
        return await self._network.handle_async_request(whole)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._network.aclose()


def _failed(how: int | Exception) -> httpx.Response:
    if isinstance(how, Exception):
        raise how
    return httpx.Response(how)
