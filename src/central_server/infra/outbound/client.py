"""The client: every limit on where, how long and how much, in one place."""

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncGenerator, Mapping
from functools import cache, cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Final, Self, cast, final
from urllib.parse import urlencode
from weakref import WeakValueDictionary

import httpcore
import httpx

from central_server.infra.outbound.addresses import (
    Resolver,
    SystemResolver,
    is_loopback,
    is_public,
    is_public_or_loopback,
)
from central_server.infra.outbound.errors import (
    BadStatusError,
    DeadlineError,
    EncodingRefusedError,
    InvalidUrlError,
    RedirectRefusedError,
    TooLargeError,
)
from central_server.infra.outbound.network import VettedTransport, VettingBackend
from central_server.infra.outbound.response import OutboundResponse
from central_server.infra.outbound.traced import traced
from central_server.infra.outbound.urls import check_url
from central_server.infra.telemetry import NO_TRACES, Traces

_PER_HOST: Final = 32
_FORM: Final = "application/x-www-form-urlencoded"


@cache
def _shared_tls() -> ssl.SSLContext:
    """Make the process's one context (25 ms): `SSL_CERT_FILE` and `SSL_CERT_DIR`, else certifi's roots."""
    return httpx.create_ssl_context()


@final
class OutboundClient:
    """Calls public https addresses, and this machine's own where `allow_loopback` says so (development).

    Every method raises `OutboundError`. `connect_timeout` and `total_timeout` are seconds, `max_bytes` bounds
    a body. `resolver`, `network` and `tls` are seams for tests.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        connect_timeout: float = 5.0,
        total_timeout: float = 10.0,
        max_bytes: int = 1024 * 1024,
        user_agent: str = "central",
        resolver: Resolver | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self.allow_loopback: Final = allow_loopback
        self._timeout: Final = httpx.Timeout(None, connect=connect_timeout)
        self._total: Final = total_timeout
        self._max_bytes: Final = max_bytes
        self._headers: Final = {"user-agent": user_agent, "accept-encoding": "identity"}
        self._resolver: Final = resolver or SystemResolver()
        self._network: Final = network or cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())
        self._tls: Final = tls
        self._traces: Final = traces
        self._gates: Final[WeakValueDictionary[tuple[str, ...], asyncio.Semaphore]] = WeakValueDictionary()

    def check_url(self, url: str) -> None:
        """Raise the `OutboundError` that requesting this URL would raise before resolving its host."""
        check_url(url, allow_loopback=self.allow_loopback)

    async def get_json(self, url: str, *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Get a JSON object, answered with 200."""
        return (await self._get(url, headers)).json()

    async def get_json_list(self, url: str, *, headers: Mapping[str, str] | None = None) -> list[object]:
        """Get a JSON array, answered with 200."""
        return (await self._get(url, headers)).json_list()

    async def _get(self, url: str, headers: Mapping[str, str] | None) -> OutboundResponse:
        response = await self.request("GET", url, headers={"accept": "application/json", **(headers or {})})
        if response.status != 200:
            raise BadStatusError(f"The answer has status {response.status}, not 200.", response.status)
        return response

    async def post_form(
        self,
        url: str,
        data: Mapping[str, str],
        *,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OutboundResponse:
        """Post a form, with HTTP Basic credentials if given; any status but a redirect is an answer."""
        sent = {"accept": "application/json", **(headers or {}), "content-type": _FORM}
        if auth is not None:
            sent["authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        return await self.request("POST", url, content=urlencode(data).encode(), headers=sent)

    async def request(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
        beginning: int | None = None,
        whose: str = "",
    ) -> OutboundResponse:
        """Send one request and read the answer to its end, within the limits.

        To one host no more than 32 are under way at once, a room that `whose` requests have for themselves: what many
        wait for at a host that is slow for them holds up nobody else there. `seconds` stands for the client's own limit
        of time. With `beginning` no more than so many bytes of the answer are read, of one that is compressed none, and
        it may be as long as it likes.
        """
        target, total = check_url(url, allow_loopback=self.allow_loopback), seconds or self._total
        try:
            async with asyncio.timeout(total), self._gate(target.host, whose):
                return await self._exchange(method, target, content, {**(headers or {}), **self._headers}, beginning)
        except TimeoutError:
            raise DeadlineError(f"{target.host} did not answer in {total:g} seconds.") from None
        except (httpx.HTTPError, UnicodeError):
            raise InvalidUrlError("The request holds what HTTP does not allow.") from None

    async def aclose(self) -> None:
        """Close every connection."""
        if "_client" in self.__dict__:
            await self._client.aclose()
        if isinstance(self._resolver, SystemResolver):
            self._resolver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        tls = self._tls or _shared_tls()
        https = is_public_or_loopback if self.allow_loopback else is_public
        secure = VettedTransport(VettingBackend(self._network, self._resolver, https), tls)
        plain = VettedTransport(VettingBackend(self._network, self._resolver, is_loopback), None)
        return httpx.AsyncClient(
            transport=traced(secure, self._traces),
            mounts={"http://": traced(plain, self._traces)},
            timeout=self._timeout,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
        )

    @contextlib.asynccontextmanager
    async def _gate(self, *whose: str) -> AsyncGenerator[None]:
        """Bound what is under way to one host, so that a slow one cannot take every connection."""
        gate = self._gates.get(whose)
        if gate is None:
            gate = self._gates[whose] = asyncio.Semaphore(_PER_HOST)
        async with gate:
            yield

    async def _exchange(
        self, method: str, url: httpx.URL, content: bytes | None, headers: Mapping[str, str], beginning: int | None
    ) -> OutboundResponse:
        async with self._client.stream(method, url, content=content, headers=headers) as response:
            if 300 <= response.status_code < 400:
                raise RedirectRefusedError("The answer is a redirect, which is not followed.", response.status_code)
            plain = response.headers.get("content-encoding", "identity").strip().lower() == "identity"
            if beginning is not None:
                body = await self._begin_to_read(response, beginning) if plain else b""
            elif plain:
                body = await self._read(response)
            else:
                raise EncodingRefusedError("The answer is compressed, which was not asked for.")
        return OutboundResponse(response.status_code, dict(response.headers), body)

    async def _begin_to_read(self, response: httpx.Response, most: int) -> bytes:
        """Read the beginning of a body, and leave the rest where it is."""
        body = bytearray()
        async for part in response.aiter_raw():
            body += part
            if len(body) >= most:
                break
        return bytes(body[:most])

    async def _read(self, response: httpx.Response) -> bytes:
        """Read the body as sent, for nothing is decoded; stop at the first byte too many."""
        body = bytearray()
        async for part in response.aiter_raw():
            body += part
            if len(body) > self._max_bytes:
                raise TooLargeError(f"The answer is longer than {self._max_bytes} bytes.")
        return bytes(body)
