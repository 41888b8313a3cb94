"""Spans of requests to others: the method, the host and the status. No trace goes out with them."""

from typing import Final, final

import httpx
from typing_extensions import override

from central_server.infra.telemetry import Traces


def traced(transport: httpx.AsyncBaseTransport, traces: Traces) -> httpx.AsyncBaseTransport:
    """Give a transport that makes a span of each request, until the headers of its answer are there."""
    return _TracedTransport(transport, traces) if traces.is_on else transport


@final
class _TracedTransport(httpx.AsyncBaseTransport):
    def __init__(self, transport: httpx.AsyncBaseTransport, traces: Traces) -> None:
        self._transport: Final = transport
        self._traces: Final = traces

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with self._traces.outbound(request.method, request.url.host) as note:
            response = await self._transport.handle_async_request(request)
            note(response.status_code)
        return response

    @override
    async def aclose(self) -> None:
        await self._transport.aclose()
