"""The network under the client: a name is resolved once, vetted, and dialled by the vetted address."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Generator, Iterable
from typing import Final, NoReturn, cast, final

import httpcore
import httpx
from typing_extensions import override

from central_server.infra.outbound.addresses import AddressRule, Resolver, parse_address
from central_server.infra.outbound.errors import (
    AddressRefusedError,
    ConnectFailedError,
    DeadlineError,
    DnsFailedError,
    InvalidUrlError,
)

_MAX_ATTEMPTS: Final = 4
_MAX_CONNECTIONS: Final = 256
_KEEPALIVE_SECONDS: Final = 3.0  # below what servers commonly keep, so that a POST rarely meets a closed one


@final
class VettingBackend(httpcore.AsyncNetworkBackend):
    """Dials addresses that the rule allows. The check is part of connecting: nothing resolves a name again."""

    def __init__(self, network: httpcore.AsyncNetworkBackend, resolver: Resolver, allowed: AddressRule) -> None:
        self._network: Final = network
        self._resolver: Final = resolver
        self._allowed: Final = allowed

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, refuse the name if any of its addresses is refused, and connect to one of them."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._vetted(host, port)
                return await self._dial(addresses, port, timeout)
        except (TimeoutError, httpcore.ConnectTimeout):
            raise DeadlineError(f"No connection to {host} in time.") from None
        except httpcore.ConnectError:
            raise ConnectFailedError(f"No connection to {host}.") from None

    async def _vetted(self, host: str, port: int) -> list[str]:
        try:
            found = [host] if parse_address(host) else await self._resolver(host, port)
        except (OSError, UnicodeError):
            raise DnsFailedError(f"The name {host} does not resolve.") from None
        addresses = [parse_address(text) for text in found]
        if not addresses:
            raise DnsFailedError(f"The name {host} has no address.")
        if not all(address is not None and self._allowed(address) for address in addresses):
            raise AddressRefusedError(f"{host} has an address that may not be called from here.")
        return [str(address) for address in addresses]

    async def _dial(self, addresses: list[str], port: int, seconds: float | None) -> httpcore.AsyncNetworkStream:
        """Try the addresses in the resolver's order, each for its share of the time; the last failure counts."""
        attempts = addresses[:_MAX_ATTEMPTS]
        share = None if seconds is None else seconds / len(attempts)
        for address in attempts[:-1]:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._network.connect_tcp(address, port, timeout=share)
        return await self._network.connect_tcp(attempts[-1], port, timeout=share)

    @override
    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> NoReturn:
        """Refuse: there is no such way out."""
        raise AddressRefusedError("Local sockets are not called.")

    @override
    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks between its retries; none are set."""
        await asyncio.sleep(seconds)


@final
class _Body(httpx.AsyncByteStream):
    """A response body as httpx reads it, its failures told in our terms."""

    def __init__(self, response: httpcore.Response, host: str) -> None:
        self._response: Final = response
        self._host: Final = host

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        with told_of(self._host):
            async for part in self._response.aiter_stream():
                yield part

    @override
    async def aclose(self) -> None:
        with told_of(self._host):
            await self._response.aclose()


@final
class VettedTransport(httpx.AsyncBaseTransport):
    """httpx over connections that a `VettingBackend` made, without proxies and retries."""

    def __init__(self, backend: VettingBackend, tls: ssl.SSLContext | None) -> None:
        self._pool: Final = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=_MAX_CONNECTIONS,
            keepalive_expiry=_KEEPALIVE_SECONDS,
            network_backend=backend,
        )

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and give its response, the body still unread."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        sent = httpcore.Request(
            request.method,
            url,
            headers=request.headers.raw,
            content=cast("httpx.AsyncByteStream", request.stream),
            extensions={"timeout": request.extensions["timeout"]},
        )
        with told_of(request.url.host):
            response = await self._pool.handle_async_request(sent)
        body = _Body(response, request.url.host)
        return httpx.Response(response.status, headers=response.headers, stream=body)

    @override
    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


@contextlib.contextmanager
def told_of(host: str) -> Generator[None]:
    """Turn what httpcore raises into the errors that this package promises."""
    try:
        yield
    except httpcore.TimeoutException:
        raise DeadlineError(f"{host} did not answer in time.") from None
    except httpcore.ConnectError as error:
        untrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
        why = "its certificate is not trusted, or is not for this name" if untrusted else "it speaks no TLS"
        raise ConnectFailedError(f"No secure connection to {host}: {why}.") from None
    except httpcore.LocalProtocolError:
        raise InvalidUrlError("The request holds a header that HTTP does not allow.") from None
    except (httpcore.NetworkError, httpcore.ProtocolError):
        raise ConnectFailedError(f"The connection to {host} broke, or it does not speak HTTP.") from None
