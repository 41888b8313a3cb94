import asyncio
import time
import uuid
from pathlib import Path

import pytest
from temporalio.client import Client

from central.errors import UnavailableError
from central_server.infra.embedded.ports import free_port
from central_server.infra.embedded.temporal import EmbeddedTemporal
from central_server.infra.temporal.client import TemporalConnection, TemporalTls
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from support.durable import running, sample_worker
from support.sample_specs import SAMPLE, SampleActivity, SampleInput, SampleOutput


async def test_connects_once_at_first_use(temporal: EmbeddedTemporal, monkeypatch: pytest.MonkeyPatch):
    """Nothing is connected by making the object; all who need it first share one attempt."""
    attempts = 0
    connect = Client.connect

    async def counted(*args, **options):
        nonlocal attempts
        attempts += 1
        return await connect(*args, **options)

    monkeypatch.setattr(Client, "connect", counted)
    connection = TemporalConnection(temporal.address)
    assert attempts == 0
    clients = await asyncio.gather(*(connection.client() for _ in range(50)))
    assert (attempts, len({id(client) for client in clients})) == (1, 1)


async def test_who_waits_may_give_up(temporal: EmbeddedTemporal):
    """One caller's cancellation does not take the connection from the others."""
    connection = TemporalConnection(temporal.address)
    waits = [asyncio.create_task(connection.client()) for _ in range(2)]
    await asyncio.sleep(0)
    waits[0].cancel()
    assert await waits[1]


async def test_each_failure_is_its_own_error():
    """Those who share a failed attempt get an error each, and a later call tries anew."""
    connection = TemporalConnection(f"127.0.0.1:{free_port()}", connect_timeout=0.5)
    errors = await asyncio.gather(connection.client(), connection.client(), return_exceptions=True)
    assert all(isinstance(error, UnavailableError) for error in errors)
    assert errors[0] is not errors[1]
    with pytest.raises(UnavailableError):
        await connection.client()


async def test_healthy_says_what_is(temporal: EmbeddedTemporal):
    """Healthy means answering, and knowing the namespace, within the time given."""
    assert await TemporalConnection(temporal.address).healthy()
    assert not await TemporalConnection(temporal.address, namespace="unknown").healthy()
    began = time.monotonic()
    assert not await TemporalConnection(f"127.0.0.1:{free_port()}").healthy(timeout=0.3)
    assert time.monotonic() - began < 1


async def test_tls_towards_a_plain_server(temporal: EmbeddedTemporal, tmp_path: Path):
    """With TLS asked for, or implied by an API key, nothing is sent in the clear."""
    asked = TemporalConnection(temporal.address, tls=TemporalTls(), connect_timeout=1)
    implied = TemporalConnection(temporal.address, api_key="secret", connect_timeout=1)
    for connection in (asked, implied):
        with pytest.raises(UnavailableError):
            await connection.client()


async def test_comes_back_after_a_restart(tmp_path: Path):
    """Worker and dispatcher wait for a Temporal that is not there yet, and outlive its restart."""
    port = free_port()
    server = EmbeddedTemporal(tmp_path / "temporal", port=port, durable=False)
    connection = TemporalConnection(f"127.0.0.1:{port}")
    dispatcher = TemporalDispatcher(connection, rpc_timeout=2)
    async with running(sample_worker(connection, SampleActivity())):
        await asyncio.sleep(0.3)
        for word in ("first start", "second start"):
            async with server:
                id = f"sample-{uuid.uuid4()}"
                await dispatcher.start(SAMPLE, SampleInput(word=word), id=id)
                assert await asyncio.wait_for(dispatcher.result(SAMPLE, id), 15) == SampleOutput(word=word)
            with pytest.raises(UnavailableError):
                await dispatcher.start(SAMPLE, SampleInput(word="lost"), id="lost")
