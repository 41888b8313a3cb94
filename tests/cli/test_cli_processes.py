"""The long-lived processes: they start without their parts, recover by themselves, and drain when they stop."""

import asyncio
import contextlib
import json
import re
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx

from central_server.infra.embedded.ports import free_port
from support.commands import process
from support.place import Stack


def event(started: subprocess.Popen[str], name: str) -> dict[str, object]:
    """Read the log up to a line."""
    assert started.stderr is not None
    for line in started.stderr:
        fields: dict[str, object] = json.loads(line)
        if fields["event"] == name:
            return fields
    raise AssertionError(f"it ended without {name!r}")


@asynccontextmanager
async def forwarding(port: int, host: str, to: int) -> AsyncIterator[None]:
    """Let a port lead to another, as a database that has come back would."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, to)
        await asyncio.gather(pump(reader, back), pump(there, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


async def test_the_api_starts_without_a_database(stack: Stack, migrated: dict[str, str]) -> None:
    """It answers 503 with Retry-After, then works once PostgreSQL is there; SIGTERM lets a request finish."""
    away, metrics = free_port(), free_port()
    database = urlsplit(migrated["database_url"])
    url = database._replace(netloc=database.netloc.replace(str(database.port), str(away))).geturl()
    with process(migrated | {"database_url": url, "metrics_port": str(metrics)}, "api", "--port", "0") as api:
        port = (await asyncio.to_thread(event, api, "api listens"))["port"]
        assert isinstance(port, int)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            assert (await client.get("/meta/liveness-probe")).json() == {"pong": True}
            refused = await client.get("/v1/tenants/acme/public")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert "server" not in refused.headers
            async with forwarding(away, "127.0.0.1", database.port or 0):
                until = time.monotonic() + 10
                while (answer := await client.get("/v1/tenants/acme/public")).status_code == 503:
                    assert time.monotonic() < until
                    await asyncio.sleep(0.05)
                assert answer.status_code == 404
                shown = (await client.get(f"http://127.0.0.1:{metrics}/metrics")).text
                assert re.search(r'central_database_pool_size\{pool="primary"\} [12]\.0', shown)
                assert 'operation="tenants.get_public",status="503"' in shown
                await _finishes_what_it_does(port, api)


async def _finishes_what_it_does(port: int, api: subprocess.Popen[str]) -> None:
    """Send half a request, ask for the end, send the other half: it is answered, then the process ends with 0."""
    body = b'{"email": "nobody@acme.example"}'
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"Host: h\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(f"POST /v1/tenants/acme/auth/email-code/start HTTP/1.1\r\n{head}".encode() + body[:5])
    await asyncio.sleep(0.3)
    api.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.3)
    writer.write(body[5:])
    assert b" 404 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    assert await asyncio.to_thread(api.wait, 20) == 0


async def test_a_worker_starts_without_its_parts(migrated: dict[str, str]) -> None:
    """Without PostgreSQL and Temporal it waits, says so, serves metrics, and ends with 0 on SIGTERM."""
    metrics = free_port()
    settings = migrated | {
        "database_url": f"postgresql://central_app@127.0.0.1:{free_port()}/x",
        "metrics_port": str(metrics),
    }
    with process(settings, "worker", "core") as worker:
        await asyncio.to_thread(event, worker, "worker waits for temporal")
        async with httpx.AsyncClient() as client:
            told = (await client.get(f"http://127.0.0.1:{metrics}/metrics")).text
        assert 'central_listener_waiting{listener="auth.mail_sign_in_code"} 0.0' in told
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.wait, 20) == 0
