"""Runs the processes of `central-server dev`: in order, restarted when they crash, and gone when it ends.

Each has a leash (see `leash.py`), whose standard input is the life line: when this process dies, be it by
SIGKILL, the kernel closes it and the leash ends the process and all that it has started.
"""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import Process as Subprocess
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, Self

from central_server.infra.embedded.commands import leash_command
from central_server.infra.embedded.errors import EmbeddedError
from central_server.infra.embedded.leash import LeashOrder
from central_server.infra.embedded.logfile import open_log, tail

_POLL_SECONDS = 0.02
_LONGEST_LINE = 64_000
_SWEEP_SECONDS = 6.0


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process to run; `environment` adds to this process's own, `ready` is asked until it says yes."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    folder: Path | None = None
    ready: Callable[[], Awaitable[bool]] | None = None
    ready_seconds: float = 30.0
    grace_seconds: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Seconds before a crashed process starts again: doubled each time, unless it ran for `stable` seconds."""

    first: float = 0.5
    longest: float = 30.0
    stable: float = 10.0


@dataclass(frozen=True)
class ProcessEvent:
    """What became of a process; `message` is for people."""

    process: str
    kind: Literal["started", "ready", "crashed", "stopped"]
    message: str


OnLine = Callable[[str, str], None]
OnEvent = Callable[[ProcessEvent], None]


class _Runner:
    """One process, over all its restarts."""

    def __init__(self, process: Process, logs: Path, on_line: OnLine, on_event: OnEvent, backoff: Backoff) -> None:
        self._process = process
        self._log = logs / f"{process.name}.log"
        self._on_line = on_line
        self._on_event = on_event
        self._backoff = backoff
        self._stopping = asyncio.Event()
        self._started = asyncio.Event()
        self._leash: Subprocess | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process and wait until it is ready; `EmbeddedError` when it is not in time."""
        self._stopping.clear()
        self._started.clear()
        self._task = asyncio.create_task(self._keep(), name=f"process {self._process.name}")
        until = time.monotonic() + self._process.ready_seconds
        while not await self._is_ready():
            if self._task.done():
                await self._task
            if time.monotonic() > until:
                raise EmbeddedError(
                    f"{self._process.name} was not ready after {self._process.ready_seconds:g} seconds. "
                    f"It wrote:\n{tail(self._log)}"
                )
            await asyncio.sleep(_POLL_SECONDS)
        self._tell("ready", "ready")

    async def stop(self, *, force: bool = False) -> None:
        """End the process and all it has started: politely, or at once."""
        self._stopping.set()
        if self._task is None:
            return
        self._signal(signal.SIGQUIT if force else signal.SIGTERM)
        done, _ = await asyncio.wait({self._task}, timeout=self._process.grace_seconds + _SWEEP_SECONDS)
        if not done:
            self._kill()
        await self._task
        self._tell("stopped", "stopped")
        self._task = None

    async def _is_ready(self) -> bool:
        return self._started.is_set() and (self._process.ready is None or await self._process.ready())

    def _tell(self, kind: Literal["started", "ready", "crashed", "stopped"], message: str) -> None:
        self._on_event(ProcessEvent(self._process.name, kind, message))

    def _signal(self, number: int) -> None:
        if self._leash is not None:
            with contextlib.suppress(ProcessLookupError):
                self._leash.send_signal(number)

    def _kill(self) -> None:
        """End a leash that does not answer; its command dies with it, or is ended by its lost output."""
        if self._leash is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._leash.pid, signal.SIGKILL)

    async def _keep(self) -> None:
        wait = self._backoff.first
        while not self._stopping.is_set():
            begun = time.monotonic()
            code = await self._run_once()
            if self._stopping.is_set():
                return
            if time.monotonic() - begun > self._backoff.stable:
                wait = self._backoff.first
            self._tell("crashed", f"ended with exit code {code}; starting again in {wait:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)
            wait = min(wait * 2, self._backoff.longest)

    async def _run_once(self) -> int:
        leash = await self._spawn()
        self._leash = leash
        self._started.set()
        self._tell("started", f"started (leash {leash.pid})")
        if self._stopping.is_set():
            self._signal(signal.SIGTERM)
        with open_log(self._log) as log:
            pump = asyncio.create_task(self._pump(leash, log))
            try:
                return await leash.wait()
            finally:
                self._leash = None
                # Ends with the last holder of the pipe; outside Linux an escaped grandchild could keep it open.
                await asyncio.wait({pump}, timeout=1.0)
                pump.cancel()
                assert leash.stdin is not None
                leash.stdin.close()

    async def _spawn(self) -> Subprocess:
        order: LeashOrder = {
            "command": list(self._process.command),
            "ladder": [(int(signal.SIGTERM), self._process.grace_seconds)],
            "while_locked": None,
            "holds": None,
            "remove": None,
        }
        return await asyncio.create_subprocess_exec(
            *leash_command(order),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={"PYTHONUNBUFFERED": "1", **os.environ, **self._process.environment},
            cwd=self._process.folder,
            start_new_session=True,
        )

    async def _pump(self, leash: Subprocess, log: BinaryIO) -> None:
        assert leash.stdout is not None
        rest = b""
        while chunk := await leash.stdout.read(65_536):
            log.write(chunk)
            log.flush()
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._on_line(self._process.name, line.decode(errors="replace").rstrip("\r"))
        if rest:
            self._on_line(self._process.name, rest.decode(errors="replace"))


def _no_line(_name: str, _line: str) -> None: ...


def _no_event(_event: ProcessEvent) -> None: ...


class Supervisor:
    """Runs processes together: started in the order given, ended in the reverse one, none left behind.

    Their output goes to `logs / "<name>.log"` and, line by line, to `on_line(name, line)`.
    """

    def __init__(
        self,
        processes: Sequence[Process],
        *,
        logs: Path,
        on_line: OnLine = _no_line,
        on_event: OnEvent = _no_event,
        backoff: Backoff | None = None,
    ) -> None:
        chosen = backoff or Backoff()
        self._runners = [_Runner(process, logs, on_line, on_event, chosen) for process in processes]
        self._stop_asked = asyncio.Event()
        self._force_asked = asyncio.Event()

    async def start(self) -> None:
        """Start each process when the one before it is ready; ends all of them when one does not get there."""
        try:
            for runner in self._runners:
                await runner.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self, *, force: bool = False) -> None:
        """End all processes: one after the other, each with its grace, or all at once by `force`."""
        if force:
            await asyncio.gather(*(runner.stop(force=True) for runner in self._runners))
            return
        for runner in reversed(self._runners):
            await runner.stop()

    async def __aenter__(self) -> Self:
        """Start all."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all."""
        await self.stop()

    def ask_to_stop(self) -> None:
        """Make `run` end, as SIGINT, SIGTERM and SIGHUP do; asked a second time it does not wait."""
        (self._force_asked if self._stop_asked.is_set() else self._stop_asked).set()

    async def run(self) -> None:
        """Start all, wait for a signal, end all. Raises `EmbeddedError` when a process does not get ready."""
        with self._signals():
            try:
                if await self._unless(self._stop_asked, self.start()):
                    await self._stop_asked.wait()
            finally:
                if not await self._unless(self._force_asked, self.stop()):
                    await self.stop(force=True)

    @staticmethod
    async def _unless(event: asyncio.Event, work: Awaitable[None]) -> bool:
        """Do the work and say so; leave it, and say that, when the event comes first."""
        task, stop = asyncio.ensure_future(work), asyncio.create_task(event.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                await task
                return True
        finally:
            for each in (task, stop):
                each.cancel()
            await asyncio.gather(task, stop, return_exceptions=True)
        return False

    @contextlib.contextmanager
    def _signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        for number in numbers:
            loop.add_signal_handler(number, self.ask_to_stop)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)
