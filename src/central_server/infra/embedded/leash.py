"""Runs one command, for as long as somebody wants it, and leaves nothing of it behind.

Run as a file by a bare interpreter (`python -I -S leash.py ORDER`), so it uses the standard library only and
is up in 30 ms. The order is the JSON of a `LeashOrder`. The command is ended when

- `while_locked` is given and nobody holds that file's lock any more; otherwise when standard input ends. The
  kernel lets go of both when a process dies, however it dies;
- the leash gets SIGTERM, SIGINT or SIGHUP (SIGQUIT ends it at once).

Ended means: the signals of `ladder`, each with its seconds to act; then SIGTERM and SIGKILL to whatever the
command has started and left behind. On Linux that includes processes that made sessions of their own.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn, TypedDict

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LEFT_BEHIND_SECONDS = 2.0
_LINUX = sys.platform == "linux"
_RELEASED = 0
_KILL = int(signal.SIGQUIT)
_END = {_RELEASED, int(signal.SIGTERM), int(signal.SIGINT), int(signal.SIGHUP)}
_HANDLED = (_END - {_RELEASED}) | {_KILL, int(signal.SIGCHLD)}


class LeashOrder(TypedDict):
    """What a leash runs (`command`) and until when."""

    command: list[str]
    ladder: list[tuple[int, float]]
    while_locked: str | None
    holds: str | None
    remove: str | None


def _prctl(option: int, value: int) -> None:
    if _LINUX:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _lock(path: str) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _lock_soon(path: str) -> int:
    """Take the lock within a second, in which others may look at it; exit when a leash has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(100):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return descriptor
    os._exit(1)


def _become_daemon() -> None:
    """Leave the starter, which goes on as soon as this process writes to the pipe or dies."""
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        os._exit(0 if os.read(reader, 1) else 1)
    os.close(reader)
    os.dup2(writer, 0)
    os.close(writer)


def _own_children() -> list[int]:
    """List the direct children, which for a subreaper are also the orphans of its descendants."""
    return [int(folder.name) for folder in Path("/proc").iterdir() if _parent(folder) == os.getpid()]


def _parent(folder: Path) -> int | None:
    """Read a process's parent, after its name, which may hold anything, in proc(5)'s `stat`."""
    try:
        return int((folder / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None


def _ignore(_number: int, _frame: object) -> None:
    """Leave a signal to the wake-up descriptor."""


class Leash:
    """One command and what it has started."""

    def __init__(self, order: LeashOrder) -> None:
        self._order = order
        self._code: int | None = None
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        for number in _HANDLED:
            signal.signal(number, _ignore)
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        self._child = self._spawn()

    @property
    def child(self) -> int:
        """The command's process id."""
        return self._child

    def run(self) -> int:
        """Wait for the command's end, or bring it about, and return its exit code as a shell would."""
        threading.Thread(target=self._wait_for_release, daemon=True).start()
        while self._alive():
            event = self._event(None)
            if event in _END:
                self._climb()
            if event == _KILL or event in _END:
                break
        self._sweep()
        return self._code if self._code is not None else 128 + signal.SIGKILL

    def _spawn(self) -> int:
        leash = os.getpid()
        # A signal between fork and exec would be swallowed by the handlers that the child still has.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        child = os.fork()
        if not child:
            _prctl(_PR_SET_PDEATHSIG, self._order["ladder"][0][0])
            if os.getppid() == leash:
                self._become_command()
            os._exit(1)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        return child

    def _become_command(self) -> NoReturn:
        os.setpgid(0, 0)
        for number in (*_HANDLED, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        command = self._order["command"]
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.execvp(command[0], command)  # noqa: S606 (the order comes from this package)
        except OSError as error:
            os.write(2, f"cannot run {command[0]}: {error.strerror}\n".encode())
        os._exit(127)

    def _wait_for_release(self) -> None:
        if (path := self._order["while_locked"]) is not None:
            _lock(path)
        else:
            while os.read(0, 4096):
                pass
        os.write(self._waker, bytes([_RELEASED]))

    def _event(self, seconds: float | None) -> int | None:
        """Give the next signal's number, or `_RELEASED`; None when the time is over."""
        readable, _, _ = select.select([self._wake], [], [], seconds)
        return os.read(self._wake, 1)[0] if readable else None

    def _alive(self) -> bool:
        """Collect everything that has ended, and say whether the command has not."""
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._child:
                    code = os.waitstatus_to_exitcode(ended[1])
                    self._code = code if code >= 0 else 128 - code
        except ChildProcessError:
            pass
        return self._code is None

    def _climb(self) -> None:
        """Send the ladder's signals until the command has ended, or until told to kill."""
        for number, seconds in self._order["ladder"]:
            self._signal(self._child, number)
            until = time.monotonic() + seconds
            while self._alive() and (left := until - time.monotonic()) > 0:
                if self._event(left) == _KILL:
                    return
            if not self._alive():
                return

    def _sweep(self) -> None:
        """End what is left: politely what the command left behind, at once what would not end."""
        polite = time.monotonic() + (_LEFT_BEHIND_SECONDS if self._code is not None else 0)
        self._signal_rest(signal.SIGTERM if self._code is not None else signal.SIGKILL)
        while self._rest():
            if time.monotonic() > polite or self._event(0.02) == _KILL:
                self._signal_rest(signal.SIGKILL)
                time.sleep(0.005)
        if (path := self._order["remove"]) is not None:
            shutil.rmtree(path, ignore_errors=True)

    def _rest(self) -> bool:
        self._alive()
        if _LINUX:
            return bool(_own_children())
        try:
            os.killpg(self._child, 0)
        except OSError:
            return False
        return True

    def _signal_rest(self, number: int) -> None:
        for process in _own_children() if _LINUX else ():
            self._signal(process, number)
        with contextlib.suppress(OSError):
            os.killpg(self._child, number)

    @staticmethod
    def _signal(process: int, number: int) -> None:
        with contextlib.suppress(OSError):
            os.kill(process, number)


def main() -> NoReturn:
    """Obey the order in the first argument; a leash with `holds` leaves its starter and keeps that lock."""
    order: LeashOrder = json.loads(sys.argv[1])
    if order["holds"] is None:
        os._exit(Leash(order).run())
    _become_daemon()
    held = _lock_soon(order["holds"])
    leash = Leash(order)
    os.ftruncate(held, 0)
    os.write(held, str(leash.child).encode())
    os.write(0, b".")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os._exit(leash.run())


if __name__ == "__main__":
    main()
