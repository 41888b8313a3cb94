"""The only module that imports httpx. A caller may bring a client of httpx, or of httpx2, which has the same API."""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import suppress
from functools import cache
from http.cookiejar import CookieJar
from typing import Any, Protocol, cast

import httpx

from central.kernel.wire import SESSION_COOKIE, SIGN_IN_COOKIE, cookie_name
from central_client.messages import Answer, Body, Failure, Fetch, Outcome, Outgoing

_LIMITS = httpx.Limits(
    max_connections=32,
    max_keepalive_connections=32,
    keepalive_expiry=4.0,  # below the five seconds after which common servers hang up
)
_OUR_COOKIES = tuple(
    cookie_name(name, secure=secure) for name in (SESSION_COOKIE, SIGN_IN_COOKIE) for secure in (False, True)
)
_NOT_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
_FINAL = frozenset({"UnsupportedProtocol", "LocalProtocolError", "DecodingError", "InvalidURL"})
_EXPECTED = frozenset({"TransportError", "DecodingError", "InvalidURL"})


class HttpClient(Protocol):
    """What is used of `httpx.Client` and of clients like it."""

    def build_request(self, method: str, url: str) -> Any:
        """Make a request."""
        ...

    def send(self, request: Any, *, stream: bool = ..., follow_redirects: bool) -> Any:
        """Send a request."""
        ...

    @property
    def cookies(self) -> Any:
        """The cookie jar."""
        ...


class AsyncHttpClient(Protocol):
    """What is used of `httpx.AsyncClient` and of clients like it."""

    def build_request(self, method: str, url: str) -> Any:
        """Make a request."""
        ...

    async def send(self, request: Any, *, stream: bool = ..., follow_redirects: bool) -> Any:
        """Send a request."""
        ...

    @property
    def cookies(self) -> Any:
        """The cookie jar."""
        ...


class _NoCookies(CookieJar):
    """Keeps nothing: a session belongs to a view of a client, not to its connections."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Leave every cookie to the client."""


@cache
def tls_context() -> ssl.SSLContext:
    """Make the process's one TLS context: it takes 25 ms."""
    return httpx.create_ssl_context()


def open_client() -> httpx.Client:
    """Open a client of our own, which keeps no cookies."""
    return httpx.Client(verify=tls_context(), limits=_LIMITS, cookies=_NoCookies())


def open_async_client() -> httpx.AsyncClient:
    """Open an asynchronous client of our own, which keeps no cookies."""
    return httpx.AsyncClient(verify=tls_context(), limits=_LIMITS, cookies=_NoCookies())


class _Requests:
    """Makes requests of the class that a client sends, and keeps our cookies out of its jar."""

    def __init__(self, client: Any, *, ours: bool, on_loop: bool) -> None:
        self._class: Any = httpx.Request if ours else type(client.build_request("GET", "http://localhost/"))
        self._jar: Any = None if ours else client.cookies
        self._on_loop = on_loop

    def make(self, outgoing: Outgoing) -> Any:
        seconds = outgoing.timeout
        return self._class(
            outgoing.method,
            outgoing.url,
            headers=outgoing.headers,
            content=self._content(outgoing.content),
            extensions={"timeout": {"connect": seconds, "read": seconds, "write": seconds, "pool": seconds}},
        )

    def _content(self, content: bytes | Body | None) -> bytes | Iterator[bytes] | AsyncIterator[bytes] | None:
        if content is None or isinstance(content, bytes):
            return content
        return _on_loop(content.pieces()) if self._on_loop else content.pieces()

    def clean(self, answer: Answer) -> None:
        if self._jar is not None and "set-cookie" in answer.headers:
            for name in _OUR_COOKIES:
                with suppress(KeyError):  # another thread was faster
                    self._jar.delete(name)


async def _on_loop(pieces: Iterator[bytes]) -> AsyncGenerator[bytes]:
    for piece in pieces:
        yield piece


def _failure(error: Exception) -> Failure | None:
    """Read an HTTP library's error by the names of its classes, which httpx and httpx2 share; None for others."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if not names & _EXPECTED:
        return None
    return Failure(error, sent=not names & _NOT_SENT, timed_out="TimeoutException" in names, final=bool(names & _FINAL))


def _running_loop() -> object:
    from asyncio import get_running_loop  # noqa: PLC0415 (a blocking client does without asyncio)

    return get_running_loop()


class BlockingTransport:
    """Sends by `httpx.Client`, or by what the caller brought, which stays theirs to close. Safe between threads."""

    def __init__(self, http_client: HttpClient | None) -> None:
        self._own = None if http_client else open_client()
        self._client = cast("HttpClient", http_client or self._own)
        self._requests = _Requests(self._client, ours=http_client is None, on_loop=False)

    def send(self, outgoing: Outgoing) -> Outcome:
        """Give the answer, or why there is none."""
        try:
            answer: Answer = self._client.send(self._requests.make(outgoing), follow_redirects=False)
        except Exception as error:
            if failure := _failure(error):
                return failure
            raise
        self._requests.clean(answer)
        return answer

    def fetch(self, fetch: Fetch) -> Outcome:
        """Do the same; the body of a success goes into the sink, and that of an error is read."""
        try:
            answer = self._client.send(self._requests.make(fetch.outgoing), stream=True, follow_redirects=False)
            try:
                if answer.is_success:
                    fetch.sink.begin()
                    for piece in answer.iter_bytes():
                        fetch.sink.take(piece)
                else:
                    answer.read()
            finally:
                answer.close()
        except Exception as error:
            if failure := _failure(error):
                return failure
            raise
        self._requests.clean(answer)
        return cast("Answer", answer)

    def close(self) -> None:
        """Close what this library opened."""
        if self._own is not None:
            self._own.close()


class LoopTransport:
    """Sends by `httpx.AsyncClient`, or by what the caller brought, on the event loop it was made on."""

    def __init__(self, http_client: AsyncHttpClient | None) -> None:
        self._loop = _running_loop()
        self._own = None if http_client else open_async_client()
        self._client = cast("AsyncHttpClient", http_client or self._own)
        self._requests = _Requests(self._client, ours=http_client is None, on_loop=True)

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Give the answer, or why there is none; raises `RuntimeError` on another event loop."""
        self._check_loop()
        try:
            answer: Answer = await self._client.send(self._requests.make(outgoing), follow_redirects=False)
        except Exception as error:
            if failure := _failure(error):
                return failure
            raise
        self._requests.clean(answer)
        return answer

    async def fetch(self, fetch: Fetch) -> Outcome:
        """Do the same; the body of a success goes into the sink, and that of an error is read."""
        self._check_loop()
        try:
            answer = await self._client.send(self._requests.make(fetch.outgoing), stream=True, follow_redirects=False)
            try:
                if answer.is_success:
                    fetch.sink.begin()
                    async for piece in answer.aiter_bytes():
                        fetch.sink.take(piece)
                else:
                    await answer.aread()
            finally:
                await answer.aclose()
        except Exception as error:
            if failure := _failure(error):
                return failure
            raise
        self._requests.clean(answer)
        return cast("Answer", answer)

    def _check_loop(self) -> None:
        if _running_loop() is not self._loop:
            raise RuntimeError(
                "This AsyncCentral made its first call on another event loop, to which its connections belong: "
                "make one client per loop (per `asyncio.run`)."
            )

    async def aclose(self) -> None:
        """Close what this library opened."""
        if self._own is not None:
            await self._own.aclose()
