"""An import of 100,000 users by a worker of its own, and what others of the API notice of it meanwhile."""

import asyncio
import multiprocessing
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from threading import Thread
from time import monotonic, perf_counter, sleep

from bench.central import central, command
from bench.database import BenchDatabase, bench_database
from bench.figures.figure import Figure
from bench.seed import OWNER, SeededSession, session_of
from bench.targets import RunningTarget, Target, TargetError
from central.jobs.models import UserImportResult
from central_client import Central
from central_server.infra.embedded.temporal import EmbeddedTemporal

_ROWS = 100_000
_WARM, _BEFORE = 10.0, 30.0
_CALLERS, _PAUSE = 10, 0.2
_IMPORTING = 7
_SPAWN = multiprocessing.get_context("spawn")
_LOGS = Path(__file__).parents[1] / "results" / "logs"
# What keeps the rounds calm would be no database that anybody runs.
_AS_SHIPPED = ("ALTER SYSTEM RESET ALL", "SELECT pg_reload_conf()")


def measure() -> list[Figure]:
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="central-bench-", ignore_cleanup_errors=True) as folder:
        async with bench_database(None) as database, EmbeddedTemporal(Path(folder) / "temporal") as temporal:
            await database.execute(*_AS_SHIPPED)
            return await asyncio.to_thread(_with_servers, database, temporal.address, Path(folder))


def _with_servers(database: BenchDatabase, temporal: str, folder: Path) -> list[Figure]:
    api = central(database)
    env = {**api.env, "CENTRAL_TEMPORAL_ADDRESS": temporal}
    url = f"http://127.0.0.1:{api.port}"
    env |= {"CENTRAL_ENVIRONMENT": "development", "CENTRAL_PUBLIC_URL": url}
    api = replace(api, env=env, cookie="central_session")
    _LOGS.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        serving = RunningTarget(api, None, _LOGS / "import-api.log")
        stack.callback(serving.stop)
        serving.wait_until_ready()
        worker = RunningTarget(replace(api, command=command("worker", "core")), None, _LOGS / "import-worker.log")
        stack.callback(worker.stop)
        return _figures(api, worker, _people(folder))


def _figures(api: Target, worker: RunningTarget, people: Path) -> list[Figure]:
    with _others(api.port) as others:
        sleep(_WARM)
        others.take()
        sleep(_BEFORE)
        before = others.take()
        with _loop():
            sleep(_BEFORE)
            beside = others.take()
        seconds, told = _import(api.port, people)
        during = others.take()
    how = f"{_p99(before):.1f} ms, then {_p99(during):.1f}; medians {median(before):.1f} and {median(during):.1f}"
    looped = f"a program that only counts, for comparison; {_p99(beside):.1f} ms, median {median(beside):.1f}"
    return [
        Figure("100,000 users imported", seconds, "s", 120, f"from the file to the end of the job; {told}"),
        Figure("memory of the importing worker", worker.peak_memory_bytes() / 1e6, "MB", 300, "at its peak"),
        Figure("p99 of others during the import ÷ before", _p99(during) / _p99(before), "times", 1.25, how),
        Figure("p99 of others beside one busy core ÷ before", _p99(beside) / _p99(before), "times", None, looped),
    ]


@contextmanager
def _loop() -> Iterator[None]:
    """Keep one core busy: what others notice of that is the machine's part in what they notice of an import."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


def _p99(times: Sequence[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


def _people(folder: Path) -> Path:
    path = folder / "people.csv"
    with path.open("w") as file:
        file.write("email,display_name,external_ids.directory,tags.team,attributes.department\n")
        for number in range(_ROWS):
            file.write(f"p{number}@people.example.com,Person {number},{number},team-{number % 50},Dept {number % 20}\n")
    return path


def _import(port: int, people: Path) -> tuple[float, str]:
    with _SPAWN.Pool(1) as pool:
        return pool.apply(_import_people, (port, session_of(_IMPORTING, OWNER), people))


def _import_people(port: int, owner: SeededSession, people: Path) -> tuple[float, str]:
    with Central(f"http://127.0.0.1:{port}", tenant=owner.slug, session=owner.token) as client:
        start = monotonic()
        result = client.users.import_users(people).result
        assert isinstance(result, UserImportResult)
        return monotonic() - start, f"{result.created:,} created, {result.failed:,} failed"


class _Others:
    """What people of other tenants were answered after, in milliseconds; asked in a process of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self) -> list[float]:
        """Give the times since they were last taken."""
        self._connection.send(True)
        times: list[float] = self._connection.recv()
        return times


@contextmanager
def _others(port: int) -> Iterator[_Others]:
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_ask, args=(port, theirs), daemon=True)
    process.start()
    try:
        yield _Others(ours)
    finally:
        process.terminate()
        process.join()


def _ask(port: int, connection: Connection) -> None:
    times: deque[float] = deque()
    start = perf_counter() + 0.5
    for number in range(_CALLERS):
        Thread(target=_call, args=(port, number, start + number * _PAUSE / _CALLERS, times), daemon=True).start()
    while connection.recv():
        connection.send([times.popleft() for _ in range(len(times))])


def _call(port: int, number: int, due: float, times: deque[float]) -> None:
    """Ask at fixed moments, late or not: what one answer keeps waiting counts for the next."""
    owner = session_of(100 + number, OWNER)
    paths = cycle((f"/v1/tenants/{owner.slug}/me", f"/v1/tenants/{owner.slug}/users?limit=50"))
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    for path in paths:
        sleep(max(0.0, due - perf_counter()))
        connection.request("GET", path, headers={"cookie": f"central_session={owner.token}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise TargetError(f"GET {path} was answered with {answer.status}")
        times.append((perf_counter() - due) * 1e3)
        due += _PAUSE


if __name__ == "__main__":
    for figure in measure():
        print(figure.name, figure.value, figure.unit, figure.note)
