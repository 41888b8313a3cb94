import socket
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import psutil
import pytest
from temporalio.client import Client

from central_server.infra.embedded import temporal
from central_server.infra.embedded.errors import EmbeddedError
from central_server.infra.embedded.temporal import EmbeddedTemporal
from central_server.infra.embedded.temporal_probe import temporal_ready
from support.processes import Script, eventually, living

USER = """
import asyncio, json, pathlib, sys
from central_server.infra.embedded.temporal import EmbeddedTemporal

async def main():
    async with EmbeddedTemporal(pathlib.Path(sys.argv[1]), durable=False) as server:
        print(json.dumps(server.address), flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@pytest.fixture
async def data(tmp_path: Path) -> AsyncGenerator[Path]:
    """Name a folder in which no process is left after the test."""
    yield tmp_path / "data"
    await eventually(lambda: not living(tmp_path))


def servers(data: Path) -> list[psutil.Process]:
    return [each for each in living(data / "temporal.db") if _is_server(each)]


def _is_server(process: psutil.Process) -> bool:
    try:
        words = process.cmdline()
    except psutil.Error:  # it has just ended
        return False
    return "start-dev" in words and "-I" not in words


async def start_workflow(address: str) -> None:
    client = await Client.connect(address)
    await client.start_workflow("nobody-runs-it", id="kept", task_queue="empty")


async def is_kept(address: str) -> bool:
    client = await Client.connect(address)
    return (await client.get_workflow_handle("kept").describe()).id == "kept"


async def test_workflows_survive_a_restart_and_stop_leaves_no_process(data: Path) -> None:
    """What was started is there after a polite stop and a start, at the same port."""
    async with EmbeddedTemporal(data) as server:
        port = server.port
        await start_workflow(server.address)
    assert servers(data) == []
    async with EmbeddedTemporal(data) as server:
        assert server.port == port
        assert await is_kept(server.address)


async def test_workflows_survive_a_kill(data: Path) -> None:
    """After SIGKILL to the server, `start` revives it with its data."""
    async with EmbeddedTemporal(data, durable=False) as server:
        await start_workflow(server.address)
        servers(data)[0].kill()
        await server.start()
        assert await is_kept(server.address)


async def test_concurrent_starters_get_one_server_that_ends_with_the_last(
    data: Path, script: Callable[..., Script]
) -> None:
    """Three processes that start at once share one server; a killed one is not missed."""
    starters = [script(USER, data) for _ in range(3)]
    addresses = {await each.says() for each in starters}
    assert len(addresses) == 1
    assert len(servers(data)) == 1
    starters[0].kill()
    assert await starters[1].ends() == 0
    assert await temporal_ready(str(addresses.pop()))
    starters[2].kill()
    await eventually(lambda: not servers(data))


async def test_another_temporal_server_is_not_taken_for_this_one(data: Path, tmp_path: Path) -> None:
    """A server at the remembered port that is not ours makes ours take another port."""
    async with EmbeddedTemporal(tmp_path / "foreign", durable=False) as foreign:
        data.mkdir()  # noqa: ASYNC240 (takes no time)
        (data / "port").write_text(str(foreign.port))
        async with EmbeddedTemporal(data, durable=False) as server:
            assert server.port != foreign.port
            assert not await server._answers(foreign.port)
        with pytest.raises(EmbeddedError, match=f"Port {foreign.port}"):
            await EmbeddedTemporal(data, port=foreign.port).start()


async def test_web_page_is_there_when_asked_for(data: Path) -> None:
    """`ui_port` is served, and refused when another program has it."""
    port = temporal.ports.free_port()
    async with EmbeddedTemporal(data, ui_port=port, durable=False):
        assert not temporal.ports.is_free(port)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(EmbeddedError, match=f"Port {port}"):
        await EmbeddedTemporal(data, ui_port=port).start()


async def test_nothing_is_written_outside_the_folder(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's program keeps its hands off the user's home."""
    monkeypatch.setenv("HOME", str(data.parent / "home"))
    async with EmbeddedTemporal(data, durable=False, ephemeral=True):
        pass
    assert list(data.parent.iterdir()) == []


async def test_missing_program_is_said_clearly(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wheel the error names it, and the way around."""
    monkeypatch.setattr(temporal.sysconfig, "get_path", lambda _: "/nowhere")
    monkeypatch.setattr(temporal.sys, "executable", "/nowhere/python")
    with pytest.raises(EmbeddedError, match=r"central\[embedded\], or set CENTRAL_TEMPORAL_ADDRESS"):
        await EmbeddedTemporal(data).start()


async def test_ready_is_said_of_servers_with_the_namespace_only() -> None:
    """A closed port and a silent program are not ready."""
    assert not await temporal_ready(f"127.0.0.1:{temporal.ports.free_port()}")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not await temporal_ready(f"127.0.0.1:{silent.getsockname()[1]}", seconds=0.1)
