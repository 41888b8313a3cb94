"""Locks between processes that the kernel lets go of when their holder dies (flock(2))."""

import asyncio
import contextlib
import fcntl
import os
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

from central_server.infra.embedded.errors import EmbeddedError

_POLL_SECONDS = 0.02


class FileLock:
    """One holding of the lock on a file; shared holdings exclude exclusive ones only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def try_acquire(self, *, shared: bool = False) -> bool:
        """Take the lock if that is possible now; the file is made when absent."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # Of a file that was deleted meanwhile everybody could have a lock of his own.
        if _flock(descriptor, shared=shared) and self._is_at_path(descriptor):
            self._descriptor = descriptor
            return True
        os.close(descriptor)
        return False

    async def acquire(self, seconds: float, *, shared: bool = False) -> None:
        """Take the lock, waiting up to so many seconds; `EmbeddedError` after that."""
        until = time.monotonic() + seconds
        while not self.try_acquire(shared=shared):
            if time.monotonic() > until:
                raise EmbeddedError(f"Another process has held {self._path} for {seconds:.0f} seconds.")
            await asyncio.sleep(_POLL_SECONDS)

    def release(self) -> None:
        """Let go; nothing happens when the lock is not held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def is_free(self, *, shared: bool = False) -> bool:
        """Whether this lock could be taken now, by any process."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            return _flock(descriptor, shared=shared)
        finally:
            os.close(descriptor)

    async def wait_until_free(self, until: Callable[[], bool]) -> None:
        """Wait for the present holder's end, even if it deletes the file first, or until something is so."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            while not _flock(descriptor, shared=False) and not until():  # noqa: ASYNC110 (others let go)
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            os.close(descriptor)

    @contextlib.asynccontextmanager
    async def holding(self, seconds: float) -> AsyncGenerator[None]:
        """Hold the lock exclusively for the length of a block."""
        await self.acquire(seconds)
        try:
            yield
        finally:
            self.release()

    def _is_at_path(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False


def _flock(descriptor: int, *, shared: bool) -> bool:
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
