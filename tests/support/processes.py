import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil


def living(mark: str | Path) -> list[psutil.Process]:
    """Find the processes, this one aside, that have a text in their command line or their folder."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.cwd()]
            if any(str(mark) in word for word in words) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.pid != psutil.Process().pid]


async def eventually(condition: Callable[[], bool], seconds: float = 8.0) -> None:
    """Wait until something is so, or fail."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        await asyncio.sleep(0.02)


class Script:
    """A Python program in a process of its own, that speaks in lines of JSON."""

    def __init__(self, code: str, *arguments: str | Path, prefix: tuple[str, ...] = ()) -> None:
        command = [*prefix, sys.executable, "-c", code, *map(str, arguments)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True
        )

    async def says(self) -> object:
        """Wait for the next line."""
        assert self.process.stdout is not None
        line = await asyncio.to_thread(self.process.stdout.readline)
        return json.loads(line or "null")

    async def ends(self) -> int:
        """Close the program's input, which it takes as the wish to end, and wait for that."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return await asyncio.to_thread(self.process.wait, 20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
