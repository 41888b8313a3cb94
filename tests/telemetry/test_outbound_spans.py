"""Spans of requests to others: the host and the status, and nothing that goes out or comes back."""

import pytest

from central_server.infra.embedded.ports import free_port
from central_server.infra.outbound import ConnectFailedError, OutboundClient
from central_server.infra.telemetry import Traces
from support.collector import Traced
from support.http_server import HttpServer, Reply, Request


async def test_only_the_host_is_told(traced: Traced):
    """A request to others is told by method, host and status; path, query, body and headers stay here."""
    seen: list[Request] = []

    async def answer(request: Request) -> Reply:
        seen.append(request)
        return Reply(503, b"canaryanswer")

    traces = await traced.stack.central.container.get(Traces)
    async with HttpServer(answer) as server:
        outbound = await traced.stack.central.container.get(OutboundClient)
        with traces.handling("tests", None):
            await outbound.request(
                "POST", f"{server.url}/canarypath?q=canaryquery", content=b"canarybody", headers={"x-a": "canaryheader"}
            )
    span = await traced.last("POST 127.0.0.1")
    assert span.attributes == {
        "http.request.method": "POST",
        "server.address": "127.0.0.1",
        "http.response.status_code": 503,
        "error.type": "503",
    }
    assert span.is_error
    assert b"canary" not in traced.collector.bytes
    assert not {"traceparent", "tracestate", "baggage"} & seen[0].headers.keys()


async def test_a_host_that_is_not_there(traced: Traced):
    """A request without an answer is an error by its type."""
    outbound = await traced.stack.central.container.get(OutboundClient)
    with pytest.raises(ConnectFailedError):
        await outbound.request("GET", f"http://127.0.0.1:{free_port()}/canarypath")
    span = await traced.last("GET 127.0.0.1")
    assert (span.is_error, span.attributes["error.type"]) == (True, "ConnectFailedError")
