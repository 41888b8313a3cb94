"""What the embedded servers have in common: one server per folder, shared by the processes that use it.

Three locks in the folder carry it. `start.lock` is held while a process starts or stops the server.
`users.lock` is held, shared, by every process that uses it. `leash.lock` is held by the server's leash, which
ends the server when nobody holds `users.lock` any more. The kernel lets go of the locks of a process that dies,
so a killed user leaves no server behind, and a killed server no stale lock.
"""

import asyncio
import os
import signal
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from central_server.infra.embedded import ports
from central_server.infra.embedded.commands import command_line, leash_command, run
from central_server.infra.embedded.errors import EmbeddedError
from central_server.infra.embedded.leash import LeashOrder
from central_server.infra.embedded.locks import FileLock
from central_server.infra.embedded.logfile import open_log, tail

_LOCK_SECONDS = 120.0
_READY_SECONDS = 60.0
_POLL_SECONDS = 0.01
_ORPHAN_SECONDS = 20.0
_PORTS_TRIED = 6


class EmbeddedServer(ABC):
    """A server in a folder: started by the first process that wants it, ended after the last one.

    With `port=None` the server keeps the port of its last run while that is free. With `ephemeral` the folder
    is deleted after the last user. Every method but `start`, `stop` and `keep` answers without waiting.
    """

    name: ClassVar[str]
    _instead: ClassVar[str]

    def __init__(self, data: Path, *, port: int | None = None, ephemeral: bool = False) -> None:
        if sys.platform == "win32":
            raise EmbeddedError(f"The embedded {self.name} does not run on Windows. {self._instead}")
        self.data = data.absolute()
        self._fixed_port = port
        self._ephemeral = ephemeral
        self._port: int | None = None
        self._starting = FileLock(self.data / "start.lock")
        self._using = FileLock(self.data / "users.lock")
        self._leash = FileLock(self.data / "leash.lock")

    @property
    @abstractmethod
    def _ladder(self) -> list[tuple[int, float]]:
        """The signals that end the server, each with the seconds it has before the next."""

    @abstractmethod
    def _command(self, port: int) -> list[str]: ...

    @abstractmethod
    async def _answers(self, port: int) -> bool:
        """Whether this very server, not another program, answers at the port."""

    @property
    @abstractmethod
    def _mark(self) -> str:
        """A text in the server's command line that no other server has."""

    @abstractmethod
    async def _prepare(self) -> None:
        """Make what the server needs before its first start."""

    def _environment(self) -> Mapping[str, str]:
        return os.environ

    @property
    def port(self) -> int:
        """The port of 127.0.0.1; `EmbeddedError` before the first start."""
        if self._port is None:
            raise EmbeddedError(f"The embedded {self.name} has not been started.")
        return self._port

    @property
    def log(self) -> Path:
        """The file that the server writes to."""
        return self.data / "server.log"

    async def start(self) -> None:
        """Start the server, or attach to it if it runs; returns when it answers.

        Raises `EmbeddedError`, with what to do, when it cannot run. Calling it again revives a dead server.
        """
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = self._using.held
        try:
            async with self._starting.holding(_LOCK_SECONDS):
                if not held:
                    await self._using.acquire(_LOCK_SECONDS, shared=True)
                if not await self._attach():
                    await self._launch()
        except BaseException:
            if not held:
                self._using.release()
            raise

    async def stop(self) -> None:
        """Give the server up; it ends, and this waits for that, unless another process uses it."""
        if not self._using.held:
            return
        try:
            async with self._starting.holding(_LOCK_SECONDS):
                self._using.release()
                await self._leash.wait_until_free(until=self._has_other_users)
        finally:
            self._using.release()

    async def keep(self, on_restart: Callable[[str], None], *, every: float = 2.0) -> None:
        """Start the server again, at its port, whenever it has ended, until cancelled, telling about each time.

        A start that fails, because the server is killed again meanwhile for one, is told and tried again.
        """
        self._fixed_port = self.port
        while True:
            await asyncio.sleep(every)
            if self._leash.is_free():
                on_restart(f"{self.name} has ended, starting it again. It wrote:\n{tail(self.log, 3)}")
                try:
                    await self.start()
                except EmbeddedError as error:
                    on_restart(str(error))

    async def __aenter__(self) -> Self:
        """Start the server."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the server up."""
        await self.stop()

    def _has_other_users(self) -> bool:
        """Whether the lock is shared by others; while it is free, or the leash's already, it is not."""
        return not self._using.is_free() and self._using.is_free(shared=True)

    async def _attach(self) -> bool:
        until = time.monotonic() + _READY_SECONDS
        port = self._saved_port()
        while port is not None and not self._leash.is_free():
            if await self._answers(port):
                self._port = port
                return True
            if time.monotonic() > until:
                raise EmbeddedError(f"{self.name} runs on port {port} but does not answer; see {self.log}.")
            await asyncio.sleep(_POLL_SECONDS)
        return False

    async def _launch(self) -> None:
        # A leash that is still there has no user's lock to wait for: it is ending the server.
        await self._leash.acquire(_LOCK_SECONDS)
        self._leash.release()
        await self._end_orphan()
        await self._prepare()
        for _ in range(_PORTS_TRIED):
            port = self._choose_port()
            written = self.log.stat().st_size if self.log.exists() else 0
            self._run_leash(port)
            if await self._becomes_ready(port):
                self._save_port(port)
                return
            if ports.is_free(port) or self._fixed_port is not None:
                raise EmbeddedError(
                    f"{self.name} did not start. {self._instead} It wrote:\n{tail(self.log, start=written)}"
                )
        raise EmbeddedError(f"{self.name} did not start: other programs took {_PORTS_TRIED} ports before it.")

    def _run_leash(self, port: int) -> None:
        order: LeashOrder = {
            "command": self._command(port),
            "ladder": self._ladder,
            "while_locked": str(self.data / "users.lock"),
            "holds": str(self.data / "leash.lock"),
            "remove": str(self.data) if self._ephemeral else None,
        }
        with open_log(self.log) as log:
            run(leash_command(order), environment=self._environment(), folder=self.data, log=log)

    async def _becomes_ready(self, port: int) -> bool:
        until = time.monotonic() + _READY_SECONDS
        while not self._leash.is_free():
            if await self._answers(port):
                return True
            if time.monotonic() > until:
                return False
            await asyncio.sleep(_POLL_SECONDS)
        return False

    def _choose_port(self) -> int:
        if self._fixed_port is not None:
            if not ports.is_free(self._fixed_port):
                raise EmbeddedError(f"Port {self._fixed_port}, asked for {self.name}, is used by another program.")
            return self._fixed_port
        saved = self._saved_port()
        return saved if saved is not None and ports.is_free(saved) else ports.free_port()

    def _saved_port(self) -> int | None:
        try:
            return int((self.data / "port").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def _save_port(self, port: int) -> None:
        draft = self.data / "port.new"
        draft.write_text(str(port))
        draft.replace(self.data / "port")
        self._port = port

    async def _end_orphan(self) -> None:
        """End a server whose leash was killed, where the system has not done so (it does on Linux)."""
        until = time.monotonic() + _ORPHAN_SECONDS
        number = self._ladder[0][0]
        while (process := self._orphan()) is not None:
            os.kill(process, number)
            if time.monotonic() > until:
                number = signal.SIGKILL
            await asyncio.sleep(_POLL_SECONDS * 10)

    def _orphan(self) -> int | None:
        try:
            process = int((self.data / "leash.lock").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return process if self._mark in command_line(process) else None
