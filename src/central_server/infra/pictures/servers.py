"""The processes that fork a child for each picture, as they are seen from outside."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from typing import Any, Final, NamedTuple, Self

_FORK_SERVER: Final = "central_server.infra.pictures.fork_server"
_HANDED_ON: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")
"""All that a child gets of the environment: there are keys and passwords in the rest."""
_MOST_LINE: Final = 1024 * 1024
_GRACE: Final = 5.0
"""Seconds that a server has to end by itself."""


class ChildFailedError(Exception):
    """The child came to no answer although no picture was to blame; another try may."""


class Done(NamedTuple):
    """What a child said, none when its time was over, and how it ended; seconds of CPU, and its peak in KiB."""

    said: str | None
    code: int
    cpu: float
    memory: int


class ForkServer:
    """A process that forks a child for each picture, one at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.uses = 0

    @property
    def lives(self) -> bool:
        """Whether it has not ended, as far as it is known."""
        return self._process.returncode is None

    @classmethod
    async def start(cls) -> Self:
        """Start one, which need not be ready yet."""
        environment = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-s", "-P", "-W", "ignore", "-m", _FORK_SERVER),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            limit=_MOST_LINE,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
        return cls(process)

    async def ask(self, asked: dict[str, Any]) -> Done:
        """Have a child do it; `ChildFailedError` when the server has gone."""
        self.uses += 1
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None
        assert answers is not None
        with suppress(ConnectionError):
            requests.write(json.dumps(asked).encode() + b"\n")
            await requests.drain()
        line = await answers.readline()
        if not line:
            raise ChildFailedError("the server that forks children has gone")
        return Done(**json.loads(line))

    async def end(self) -> None:
        """Let the server end with its child, and wait until it is gone."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(_GRACE):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
