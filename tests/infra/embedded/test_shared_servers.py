import os
import subprocess
import sys
import tempfile
from pathlib import Path

from support.processes import eventually, living

PROJECT = {
    "conftest.py": """
import pytest
from support.servers import shared_postgres, shared_temporal

@pytest.fixture(scope="session")
async def servers():
    async with shared_postgres() as postgres, shared_temporal() as temporal:
        yield postgres, temporal
""",
    "test_it.py": """
import pathlib, time
import pytest

@pytest.mark.parametrize("number", range(6))
async def test_it(servers, number):
    postgres, temporal = servers
    folder = pathlib.Path(__file__).parent
    with (folder / "seen").open("a") as seen:
        print(postgres.url(), temporal.address, postgres.data, temporal.data, file=seen)
    time.sleep(SECONDS)
""",
    "pytest.ini": """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = session
asyncio_default_test_loop_scope = session
filterwarnings = error
pythonpath = SUPPORT
""",
}


def run(folder: Path, seconds: float) -> subprocess.Popen[bytes]:
    support = str(Path(__file__).parents[2])
    for name, text in PROJECT.items():
        (folder / name).write_text(text.replace("SUPPORT", support).replace("SECONDS", str(seconds)))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n2",
        "-p",
        "xdist.plugin",
        "-p",
        "pytest_asyncio.plugin",
        str(folder),
    ]
    outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment = outer | {"TMPDIR": tempfile.gettempdir(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.Popen(command, env=environment, cwd=folder, start_new_session=True)


def seen(folder: Path) -> set[str]:
    file = folder / "seen"
    return set(file.read_text().splitlines()) if file.exists() else set()


async def test_all_workers_of_a_run_share_servers_that_end_with_it(tmp_path: Path) -> None:
    """Two workers see one PostgreSQL and one Temporal; afterwards neither process nor folder is left."""
    with run(tmp_path, seconds=0.05) as tests:
        assert tests.wait(30) == 0
    assert len(seen(tmp_path)) == 1
    for folder in seen(tmp_path).pop().split()[2:]:
        assert living(folder) == []
        assert not Path(folder).exists()  # noqa: ASYNC240 (takes no time)


async def test_killed_run_leaves_no_server(tmp_path: Path) -> None:
    """When the controller of a run is killed, the servers end with its workers."""
    with run(tmp_path, seconds=0.3) as tests:
        await eventually(lambda: bool(seen(tmp_path)), 20)
        tests.kill()
    folders = [Path(folder) for folder in seen(tmp_path).pop().split()[2:]]
    await eventually(lambda: not any(living(folder) or folder.exists() for folder in folders))
