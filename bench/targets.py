"""A server under test: started once, then frozen whenever another one is measured."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.machine import pinned
from bench.seed import MEMBER, session_of
from bench.traffic import Kind, Workload, me, workload

_READY_SECONDS = 60.0
_REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True)
class Target:
    """What to run and what to ask it: `command` with `env` added serves on `port` of 127.0.0.1.

    `cookie` is the name under which it takes the session.
    """

    name: str
    title: str
    command: Sequence[str]
    env: Mapping[str, str]
    port: int
    cookie: str = "central_session"
    cwd: Path = _REPOSITORY

    def requests(self, kind: Kind) -> Workload:
        return workload(kind, self.cookie)


class TargetError(RuntimeError):
    """A server does not start, or answers wrongly."""


class RunningTarget:
    def __init__(self, target: Target, core: int | None, log: Path) -> None:
        self.target = target
        self.log = log
        with log.open("wb") as output, pinned(core):
            self._process = subprocess.Popen(
                target.command, env={**own_environment(), **target.env}, cwd=target.cwd, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def wait_until_ready(self) -> None:
        until = time.monotonic() + _READY_SECONDS
        while (status := self._status()) != 200:
            if self._process.poll() is not None or time.monotonic() > until:
                raise TargetError(f"{self.target.title} does not start (status {status}):\n{self._tail()}")
            time.sleep(0.02)

    def freeze(self) -> None:
        """Stop all its processes, so that they use no CPU."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        if self._process.poll() is not None:
            raise TargetError(f"{self.target.title} has ended:\n{self._tail()}")
        os.killpg(self._process.pid, signal.SIGCONT)

    def cpu_seconds(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in self._processes())

    def memory_bytes(self) -> int:
        return sum(process.memory_info().rss for process in self._processes())

    def peak_memory_bytes(self) -> int:
        """Give the most that its first process has held, on Linux."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def stop(self) -> None:
        for number in (signal.SIGCONT, signal.SIGTERM):
            if self._process.poll() is None:
                os.killpg(self._process.pid, number)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _processes(self) -> list[psutil.Process]:
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def _status(self) -> int | None:
        """Ask the probe; None while nobody listens."""
        try:
            with socket.create_connection(("127.0.0.1", self.target.port), timeout=5) as connection:
                connection.sendall(me(session_of(0, MEMBER), self.target.cookie))
                return int(connection.recv(65536)[9:12])
        except (OSError, ValueError):
            return None

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


@contextmanager
def running(targets: Sequence[Target], core: int | None, logs: Path) -> Iterator[list[RunningTarget]]:
    """Start all targets one after the other and freeze each once it answers; end them with the block."""
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        started: list[RunningTarget] = []
        for target in targets:
            one = RunningTarget(target, core, logs / f"{target.name}.log")
            stack.callback(one.stop)
            one.wait_until_ready()
            one.freeze()
            started.append(one)
        yield started


def own_environment() -> dict[str, str]:
    """Give the environment without what it may say for a server of the person's own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CENTRAL_")}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


PYTHON = sys.executable
