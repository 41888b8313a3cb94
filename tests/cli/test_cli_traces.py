"""Traces of real processes: off they cost nothing, on they reach a collector by the end, or say what is missing."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from central_server.infra.embedded.ports import free_port
from support.collector import Collector
from support.commands import process

_OTEL = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER")


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _OTEL:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def lines(started: "subprocess.Popen[str]") -> Iterator[dict[str, Any]]:
    assert started.stderr is not None
    for line in started.stderr:
        yield json.loads(line)


def line_of(started: "subprocess.Popen[str]", event: str) -> dict[str, Any]:
    return next(line for line in lines(started) if line["event"] == event)


async def _ask_and_stop(api: "subprocess.Popen[str]") -> dict[str, Any]:
    """Send one request, stop the API, and give the request's line in the log."""
    port = (await asyncio.to_thread(line_of, api, "api listens"))["port"]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/v1/tenants/nobody/public")).status_code == 404
    request = await asyncio.to_thread(line_of, api, "request")
    api.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(api.wait, 40) == 0
    return request


async def test_spans_are_sent_before_the_end(migrated: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What was traced reaches the collector when the process is stopped; the log names the same trace."""
    collector = Collector()
    async with collector.server as server:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
        monkeypatch.setenv("OTEL_SERVICE_NAME", "central-api")
        with process(migrated, "api", "--port", "0") as api:
            line = await _ask_and_stop(api)
    (span,) = [span for span in collector.spans if span.name == "tenants.get_public"]
    assert line["trace_id"] == span.trace
    assert collector.resource["service.name"] == "central-api"


async def test_a_collector_that_is_away_stops_nobody(migrated: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are answered, and the process ends with 0 in time, though nobody takes its spans."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    with process(migrated, "api", "--port", "0") as api:
        before = time.monotonic()
        assert (await _ask_and_stop(api))["trace_id"]
    assert time.monotonic() - before < 30


_OFF = """
import asyncio, os, sys
from central_server.app import Central
from central_server.infra.config import load_settings
from central_server.infra.telemetry import NO_TRACES, Traces

async def main():
    central = Central(load_settings())
    await central.start()
    print(await central.container.get(Traces) is NO_TRACES)
    print([name for name in sys.modules if name.startswith("opentelemetry")])
    handler = NO_TRACES.request("a", "GET", "/", main)
    print(handler is main)
    pool = (await central.container.get(__import__("central_server.infra.db", fromlist=["Database"]).Database))._writing
    print(type(pool._idle[0]).__module__)
    await central.stop()

asyncio.run(main())
"""


def test_off_nothing_is_imported_and_nothing_wrapped(migrated: dict[str, str]) -> None:
    """Without traces the API runs its own handlers on asyncpg's own connections, and has not read OpenTelemetry."""
    variables = os.environ | {f"CENTRAL_{name.upper()}": value for name, value in migrated.items()}
    ran = subprocess.run([sys.executable, "-c", _OFF], env=variables, capture_output=True, text=True, check=False)
    assert ran.stdout.splitlines() == ["True", "[]", "True", "asyncpg.connection"], ran.stderr
