"""Programs that are run as people run them: in processes of their own, with an environment that is given."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from typing import NamedTuple, Self

_KEPT = ("PATH", "PYTHONPATH", "HOME", "TMPDIR", "SYSTEMROOT")
_USER_CODE = re.compile(r"[B-Z]{4}-[B-Z]{4}")
_SECONDS = 30


class Ended(NamedTuple):
    """How a program ended."""

    status: int
    out: str
    err: str

    @property
    def error_line(self) -> str:
        """The one line on standard error."""
        (line,) = self.err.strip().splitlines()
        return line


class Running:
    """A program that runs."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.shown = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """End what a failed test has left."""
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def code(self) -> str:
        """Wait until it shows a code, and give that."""
        while (found := _USER_CODE.search(self.shown)) is None:
            await self.read_line()
        return found[0]

    async def read_line(self) -> None:
        """Read one more line of what it shows; fails when it has ended."""
        assert self.process.stderr is not None
        line = await asyncio.wait_for(self.process.stderr.readline(), _SECONDS)
        assert line, f"it ended: {self.shown}"
        self.shown += line.decode()

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    async def ends(self) -> Ended:
        """Wait for its end."""
        out, err = await asyncio.wait_for(self.process.communicate(), _SECONDS)
        assert self.process.returncode is not None
        return Ended(self.process.returncode, out.decode(), self.shown + err.decode())


def environment_of(**variables: str) -> dict[str, str]:
    """Give an environment with what Python needs, which lets it keep what it compiles, and these variables."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | variables


async def start(*command: str, environment: dict[str, str]) -> Running:
    """Start Python with these arguments."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, stderr=PIPE
    )
    return Running(process)
