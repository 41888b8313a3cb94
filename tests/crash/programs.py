"""The server's own programs, in processes that can be killed, stopped and continued."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from pathlib import Path


class Program:
    """One process of the server; its log is kept over all its lives."""

    def __init__(self, name: str, arguments: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self._arguments = arguments
        self._environment = environment
        self._log = folder / f"{name}.log"
        self._process: Process | None = None

    async def start(self) -> None:
        """Start it, in a session of its own."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "central_server.cli", *self._arguments,
                env=self._environment, stdin=DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if it lives."""
        if self._process is not None and self._process.returncode is None:
            os.kill(self._process.pid, number)

    async def kill(self) -> None:
        """End it as `kill -9` does."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> int:
        """End it as a supervisor does, and give its status; what does not end in time is killed."""
        assert self._process is not None
        self.send(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self._process.wait(), 30)
        except TimeoutError:
            await self.kill()
            return -1


def processes_with(mark: str) -> list[int]:
    """Find the processes whose command line has this text, on Linux."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if mark in line:
                found.append(int(folder.name))
    return found


def is_alive(pid: int) -> bool:
    """Whether there is such a process, on Linux."""
    return Path(f"/proc/{pid}").exists()
