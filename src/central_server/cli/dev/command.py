"""Programs that `dev` runs itself, in its own terminal, and that do not outlive it."""

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path

from central_server.cli.failures import CommandError

_PR_SET_PDEATHSIG = 1
_GRACE_SECONDS = 10.0
_libc: ctypes.CDLL | None = ctypes.CDLL(None) if sys.platform == "linux" else None


def check_command(command: Sequence[str]) -> None:
    """Raise a `CommandError` with a shell's status 127 when there is no such program."""
    if shutil.which(command[0], path=command_path()) is None:
        raise CommandError(f"there is no command {command[0]!r}", 127)


def command_path() -> str:
    """Give where a person's command is looked for: first among the programs of this Python, activated or not."""
    return os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))


async def run_command(command: Sequence[str], environment: Mapping[str, str], stop: "StopSignal") -> int:
    """Run a person's command to its end, and give its exit status as a shell would."""
    process = await asyncio.create_subprocess_exec(*command, env=environment, preexec_fn=_end_with_parent)
    ending = asyncio.create_task(_pass_on(process, stop))
    try:
        status = await process.wait()
    finally:
        ending.cancel()
    return status if status >= 0 else 128 - status


async def run_helper(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Run a program of ours and give what it writes; `CommandError` with its last words when it fails."""
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=PIPE, stderr=PIPE,
        preexec_fn=_end_with_parent, start_new_session=True,
    )  # fmt: skip
    try:
        output, errors = await process.communicate()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise
    if process.returncode:
        raise CommandError(errors.decode(errors="replace").strip() or f"{command[-1]} ended with {process.returncode}")
    return output.decode()


class StopSignal:
    """The wish to stop: which signal it came by, and whether it was repeated."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.asked_again = asyncio.Event()
        self.number = signal.SIGTERM

    def ask(self, number: signal.Signals) -> None:
        """Note a signal."""
        if self.asked.is_set():
            self.asked_again.set()
        self.number = number
        self.asked.set()


async def _pass_on(process: Process, stop: StopSignal) -> None:
    """Hand a signal on to the command, and end it when it does not obey."""
    await stop.asked.wait()
    # A terminal's Ctrl-C has reached the command already.
    if stop.number is not signal.SIGINT or not sys.stdin.isatty():
        _send(process, stop.number)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.asked_again.wait(), _GRACE_SECONDS)
    _send(process, signal.SIGKILL)


def _send(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


def _end_with_parent() -> None:
    """Have the kernel end this process when `dev` is killed; between fork and exec, so it does no more than that."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
