import asyncio
import os
import shutil
import socket
import stat
import subprocess
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import asyncpg
import psutil
import pytest

from central_server.infra.embedded import ports
from central_server.infra.embedded.errors import EmbeddedError
from central_server.infra.embedded.postgres import EmbeddedPostgres
from support.processes import Script, eventually, living

USER = """
import asyncio, json, pathlib, sys
from central_server.infra.embedded.postgres import EmbeddedPostgres

async def main():
    async with EmbeddedPostgres(pathlib.Path(sys.argv[1]), durable=False) as server:
        print(json.dumps(server.url()), flush=True)
        await asyncio.to_thread(sys.stdin.read)

try:
    asyncio.run(main())
except Exception as error:
    print(json.dumps(f"{type(error).__name__}: {error}"), flush=True)
"""
ROOT_OF = ("unshare", "--user", "--map-root-user", "--")
AS_SOMEBODY = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
NO_NAMESPACE = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
ONE_NAMESPACE = 'echo 1 > /proc/sys/user/max_user_namespaces && exec "$@"'
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="is about running as root")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a cluster, once, for the tests that are not about making one."""
    folder = tmp_path_factory.mktemp("template") / "data"

    async def make() -> None:
        async with EmbeddedPostgres(folder, durable=False) as server:
            await execute(server.url(), "CREATE TABLE kept (number int); INSERT INTO kept VALUES (7)")

    asyncio.run(make())
    return folder


@pytest.fixture
async def data(template: Path, tmp_path: Path) -> AsyncGenerator[Path]:
    """Copy the template; no process is left in it after the test."""
    yield shutil.copytree(template, tmp_path / "data")
    await eventually(lambda: not living(tmp_path))


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def value(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def postmasters(data: Path) -> list[psutil.Process]:
    return [each for each in living(f"{data}/store/cluster") if _is_postmaster(each)]


def _is_postmaster(process: psutil.Process) -> bool:
    try:
        return "-D" in process.cmdline()
    except psutil.NoSuchProcess:  # one that served a connection, and has ended since
        return False


async def kept(server: EmbeddedPostgres) -> object:
    return await value(server.url(), "SELECT number FROM kept")


async def test_first_start_makes_a_safe_cluster_and_stop_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first start makes a durable UTF-8 cluster that asks everybody for a password."""
    monkeypatch.setenv("PGOPTIONS", "-c no_such_setting=1")  # meant for another server
    async with EmbeddedPostgres(tmp_path / "data") as server:
        monkeypatch.delenv("PGOPTIONS")
        assert await value(server.url(), "SHOW fsync") == "on"
        assert await value(server.url(), "SHOW synchronous_commit") == "on"
        assert await value(server.url(), "SHOW listen_addresses") == "127.0.0.1"
        assert await value(server.url(), "SHOW unix_socket_directories") == ""
        assert (
            await value(server.url(), "SELECT datcollate || pg_encoding_to_char(encoding) FROM pg_database") == "CUTF8"
        )
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.url(password="wrong"))
    assert living(tmp_path) == []


async def test_later_start_keeps_data_and_port(data: Path) -> None:
    """What was written is there after a stop and a start, at the same port."""
    async with EmbeddedPostgres(data) as server:
        port = server.port
        assert await kept(server) == 7
    async with EmbeddedPostgres(data) as server:
        assert (server.port, await kept(server)) == (port, 7)


async def test_not_durable_server_is_fast(data: Path) -> None:
    """`durable=False` waits for no disk."""
    async with EmbeddedPostgres(data, durable=False) as server:
        assert await value(server.url(), "SHOW fsync") == "off"


async def test_url_quotes_what_it_is_given(data: Path) -> None:
    """Any user, password and database can be named in a connection URL."""
    async with EmbeddedPostgres(data, durable=False) as server:
        await execute(server.url(), "CREATE ROLE \"a/b\" LOGIN PASSWORD 'p@:ß'")
        await execute(server.url(), 'CREATE DATABASE "x y?"')
        assert await value(server.url("a/b", "p@:ß", "x y?"), "SELECT current_user::text") == "a/b"


async def test_server_lives_until_its_last_user_stops(data: Path, script: Callable[..., Script]) -> None:
    """A second process attaches; the server survives the one that started it, and ends after the last."""
    async with EmbeddedPostgres(data, durable=False) as starter:
        other = script(USER, data)
        assert await other.says() == starter.url()
    assert await value(starter.url(), "SELECT 1") == 1
    assert await other.ends() == 0
    assert living(f"{data}/store") == []


async def test_concurrent_starters_get_one_server(tmp_path: Path, script: Callable[..., Script]) -> None:
    """Four processes that start at once on an empty folder share one server."""
    starters = [script(USER, tmp_path / "data") for _ in range(4)]
    urls = {str(await each.says()) for each in starters}
    assert len(urls) == 1
    assert urls.pop().startswith("postgresql://central:")
    assert len(postmasters(tmp_path / "data")) == 1
    assert [await each.ends() for each in starters] == [0, 0, 0, 0]
    assert living(f"{tmp_path}/data/store") == []


async def test_killed_server_starts_again_with_its_data(data: Path) -> None:
    """After SIGKILL to the server, `start` revives it."""
    async with EmbeddedPostgres(data) as server:
        await execute(server.url(), "UPDATE kept SET number = 8")
        postmasters(data)[0].kill()
        await server.start()
        assert await kept(server) == 8


async def test_kept_server_is_revived_by_itself(data: Path) -> None:
    """`keep` starts a server again that has died, and tells about it."""
    told: list[str] = []
    async with EmbeddedPostgres(data, durable=False) as server:
        keeper = asyncio.create_task(server.keep(told.append, every=0.05))
        first = postmasters(data)[0]
        first.kill()
        await eventually(lambda: bool(told) and [each.pid for each in postmasters(data)] not in ([], [first.pid]))
        await eventually(lambda: not ports.is_free(server.port))
        keeper.cancel()
        await server.start()
        assert await kept(server) == 7
    assert "PostgreSQL has ended" in told[0]


async def test_server_ends_when_its_only_user_is_killed(data: Path, script: Callable[..., Script]) -> None:
    """SIGKILL to the process that started the server leaves no server, and no lock in the way."""
    user = script(USER, data)
    await user.says()
    user.kill()
    await eventually(lambda: not living(f"{data}/store"))
    async with EmbeddedPostgres(data) as server:
        assert await kept(server) == 7


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux")
async def test_server_ends_when_its_leash_is_killed(data: Path) -> None:
    """SIGKILL to the supervising leash ends the server, and it can be started again."""
    async with EmbeddedPostgres(data) as server:
        postmasters(data)[0].parent().kill()  # type: ignore[union-attr]  # it has a parent
        await server.start()
        assert await kept(server) == 7
        assert len(postmasters(data)) == 1


async def test_process_id_of_another_program_in_the_lock_file_is_no_obstacle(data: Path) -> None:
    """A lock file of a dead server, whose process id another program has now, does not stop a start."""
    with subprocess.Popen(["sleep", "30"]) as other:  # noqa: ASYNC220 (takes no time)
        (data / "store/cluster/postmaster.pid").write_text(f"{other.pid}\n{data}/store/cluster\n1\n5432\n\n\n")
        try:
            async with EmbeddedPostgres(data) as server:
                assert await kept(server) == 7
        finally:
            other.kill()


async def test_another_port_is_taken_when_the_last_one_is_used(data: Path) -> None:
    """A port that another program has taken since is given up, unless it was asked for."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (data / "port").write_text(str(port))
        async with EmbeddedPostgres(data, durable=False) as server:
            assert server.port != port
        with pytest.raises(EmbeddedError, match=f"Port {port}"):
            await EmbeddedPostgres(data, port=port).start()


async def test_losing_the_race_for_a_port_costs_only_a_try(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is taken between choosing and starting is replaced by another one."""
    (data / "port").unlink()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        chosen = iter([taken.getsockname()[1], ports.free_port()])
        monkeypatch.setattr(ports, "free_port", lambda: next(chosen))
        async with EmbeddedPostgres(data, durable=False) as server:
            assert await kept(server) == 7


async def test_failed_start_says_why_and_leaves_no_process(data: Path) -> None:
    """What the server wrote is in the error."""
    (data / "store/cluster/postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(EmbeddedError, match="nonsense"):
        await EmbeddedPostgres(data).start()


async def test_cluster_of_another_version_is_refused(data: Path) -> None:
    """Data of another major version is left alone."""
    (data / "store/cluster/PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 17"):
        await EmbeddedPostgres(data).start()


async def test_interrupted_first_start_is_begun_anew(tmp_path: Path) -> None:
    """Half a cluster of a killed first start is no cluster."""
    half = tmp_path / "data" / "making-1234" / "cluster"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    async with EmbeddedPostgres(tmp_path / "data", durable=False) as server:
        assert await value(server.url(), "SELECT 1") == 1
    assert not half.exists()


async def test_ephemeral_folder_goes_with_its_last_user(data: Path) -> None:
    """Nothing is left on disk of an ephemeral server."""
    async with EmbeddedPostgres(data, durable=False, ephemeral=True):
        pass
    assert not data.exists()  # noqa: ASYNC240 (takes no time)


async def test_stop_is_sigint_first(data: Path) -> None:
    """A stop is PostgreSQL's fast shutdown, after which no recovery is needed."""
    async with EmbeddedPostgres(data) as server:
        pass
    assert "received fast shutdown request" in server.log.read_text()
    assert "database system is shut down" in server.log.read_text()


async def test_only_its_own_folders_are_private_and_no_permission_is_changed(tmp_path: Path) -> None:
    """Folders on the way keep their modes; the server's own are for their owner only."""
    home = tmp_path / "home"
    (home / "project").mkdir(parents=True)
    home.chmod(0o700)
    (home / "project").chmod(0o750)
    async with EmbeddedPostgres(home / "project" / "data", durable=False) as server:
        assert await value(server.url(), "SELECT 1") == 1
    modes = {
        name: stat.S_IMODE((home / name).stat().st_mode)
        for name in ("", "project", "project/data", "project/data/store", "project/data/store/cluster")
    }
    assert modes == {
        "": 0o700, "project": 0o750, "project/data": 0o700, "project/data/store": 0o700,
        "project/data/store/cluster": 0o700,
    }  # fmt: skip
    assert stat.S_IMODE((home / "project/data/store/password").stat().st_mode) == 0o600
    assert {path.stat().st_uid for path in home.rglob("*")} == {os.geteuid()}


@as_root
async def test_root_is_told_what_to_do_where_namespaces_are_refused(
    tmp_path: Path, script: Callable[..., Script]
) -> None:
    """Where root cannot hide that it is root, the error names the ways out."""
    prefix = (*ROOT_OF, "sh", "-c", NO_NAMESPACE, "sh")
    said = str(await script(USER, tmp_path / "data", prefix=prefix).says())
    assert said.startswith("EmbeddedError: PostgreSQL does not run as root")
    assert "unprivileged user, or set CENTRAL_DATABASE_URL" in said


@as_root
async def test_unprivileged_user_needs_no_namespace(tmp_path: Path, script: Callable[..., Script]) -> None:
    """Anybody but root runs PostgreSQL as what he is, also where no further namespace is to be had."""
    prefix = (*ROOT_OF, "sh", "-c", ONE_NAMESPACE, "sh", *AS_SOMEBODY)
    user = script(USER, tmp_path / "data", prefix=prefix)
    assert str(await user.says()).startswith("postgresql://central:")
    assert await user.ends() == 0


def test_ports_are_free_and_never_given_twice() -> None:
    """A port is free when it is given, and given once."""
    given = [ports.free_port() for _ in range(50)]
    assert len(set(given)) == 50
    with socket.create_server(("127.0.0.1", given[0])):
        assert not ports.is_free(given[0])
    assert ports.is_free(given[0])


async def test_port_is_unknown_before_the_start(tmp_path: Path) -> None:
    """There is no URL to hand out before there is a server."""
    with pytest.raises(EmbeddedError, match="has not been started"):
        EmbeddedPostgres(tmp_path).url()
    await EmbeddedPostgres(tmp_path).stop()


async def test_signals_for_the_terminal_do_not_reach_the_server(data: Path) -> None:
    """The server has a session of its own, so that Ctrl-C is its user's to handle."""
    async with EmbeddedPostgres(data, durable=False):
        server = postmasters(data)[0]
        assert os.getsid(server.pid) != os.getsid(0)
        assert os.getpgid(server.pid) != os.getpgid(0)
