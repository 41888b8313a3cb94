"""A fair pool of raw asyncpg connections: who waits longest is handed the next connection."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from asyncpg.exceptions import DataError, PostgresError

from central.errors import UnavailableError

from .connection import Connection

_T = TypeVar("_T")
_log = structlog.get_logger(__name__)
_FIRST_BACKOFF = 0.05
_LAST_BACKOFF = 1.0
_CLOSE_TIMEOUT = 2.0
_SWEEP_INTERVAL = 5.0


@dataclass(slots=True, frozen=True)
class PoolStats:
    """The counters of a pool at one moment; `acquired`, `timeouts` and `discarded` only ever grow."""

    size: int
    idle: int
    waiting: int
    acquired: int
    timeouts: int
    discarded: int


class Pool:
    """Hands out connections in the order they were asked for, and never one that is in doubt.

    `connect` opens one connection. No session state may ever be set on a connection: it is given back
    without a reset. Times are in seconds.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        *,
        min_size: int = 2,
        max_size: int = 10,
        max_waiting: int = 1000,
        acquire_timeout: float = 2.0,
        max_lifetime: float = 1800.0,
    ) -> None:
        self._connect = connect
        self._min_size = max(1, min(min_size, max_size))
        self._max_size = max_size
        self._max_waiting = max_waiting
        self._acquire_timeout = acquire_timeout
        self._max_lifetime = max_lifetime
        self._idle: deque[Connection] = deque()
        self._expiry: dict[Connection, float] = {}
        self._retiring: set[Connection] = set()
        self._waiters: deque[tuple[float, asyncio.Future[Connection]]] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._waiting = 0
        self._opening = 0
        self._backoff = 0.0
        self._acquired = 0
        self._timeouts = 0
        self._discarded = 0
        self._expire_timer: asyncio.TimerHandle | None = None
        self._fill_timer: asyncio.TimerHandle | None = None
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._closed = True
        self._drained = asyncio.Event()

    @property
    def stats(self) -> PoolStats:
        """The counters now."""
        return PoolStats(
            size=len(self._expiry),
            idle=len(self._idle),
            waiting=self._waiting,
            acquired=self._acquired,
            timeouts=self._timeouts,
            discarded=self._discarded,
        )

    async def start(self) -> None:
        """Open the first connection, and the rest of the smallest size behind it.

        Raises `UnavailableError` when PostgreSQL cannot be reached, with the reason as its cause.
        """
        self._closed = False
        self._sweep_timer = asyncio.get_running_loop().call_later(_SWEEP_INTERVAL, self._sweep)
        self._opening += 1
        try:
            await self._open()
        except Exception as error:
            await self.close()
            raise _unavailable() from error
        self._fill()

    async def close(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109 (what is still out is cut off, not awaited)
        """Refuse new callers, wait up to `timeout` for connections that are out, and close all."""
        self._closed = True
        for timer in (self._expire_timer, self._fill_timer, self._sweep_timer):
            if timer is not None:
                timer.cancel()
        self._expire_timer = self._fill_timer = self._sweep_timer = None
        self._fail_waiters()
        while self._idle:
            self._retire(self._idle.popleft())
        if self._expiry or self._opening:
            try:
                await asyncio.wait_for(self._drained.wait(), timeout)
            except TimeoutError:
                _log.warning("connections cut off", count=len(self._expiry))
        for connection in list(self._expiry):
            connection.terminate()
            self._forget(connection)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def take(self) -> Connection | None:
        """Give an idle connection at once, or `None` when the caller has to `wait()`."""
        idle = self._idle
        while idle:
            connection = idle.pop()
            if connection.is_closed():
                self._forget(connection)
                continue
            self._acquired += 1
            return connection
        return None

    async def wait(self) -> Connection:
        """Queue for a connection.

        Raises `UnavailableError` with code `database_busy` when none comes free in time or too many wait
        already, and with code `database_unavailable` when PostgreSQL cannot be reached.
        """
        # While PostgreSQL is away the pool tries by itself, and callers need not wait to hear of it.
        if self._closed or (self._backoff and not self._expiry):
            raise _unavailable()
        loop = asyncio.get_running_loop()
        if self._waiting >= self._max_waiting:
            self._timeouts += 1
            raise _busy()
        deadline = loop.time() + self._acquire_timeout
        waiter: asyncio.Future[Connection] = loop.create_future()
        self._waiters.append((deadline, waiter))
        if self._expire_timer is None:
            self._expire_timer = loop.call_at(deadline, self._expire)
        self._fill()
        self._waiting += 1
        try:
            connection = await waiter
        except asyncio.CancelledError:
            # The connection may have been handed over in the same turn of the loop.
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.release(waiter.result())
            raise
        finally:
            self._waiting -= 1
        self._acquired += 1
        return connection

    async def acquire(self) -> Connection:
        """Give a connection; the two halves of this are `take()` and `wait()`."""
        return self.take() or await self.wait()

    def release(self, connection: Connection) -> None:
        """Take a connection back and hand it to who waits longest; one in doubt is replaced instead."""
        if (
            connection.is_closed()
            or connection.is_in_transaction()
            or self._closed
            or (self._retiring and connection in self._retiring)
        ):
            self._retire(connection)
            return
        waiters = self._waiters
        while waiters:
            waiter = waiters.popleft()[1]
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._idle.append(connection)

    def recover(self, connection: Connection, error: BaseException) -> None:
        """Take a connection back after `error`: kept only when the error leaves it in a known state."""
        if isinstance(error, PostgresError | DataError):
            self.release(connection)
        else:
            self.discard(connection)

    def discard(self, connection: Connection) -> None:
        """Close a connection whose state is in doubt; its slot is free again once it is closed."""
        self._discarded += 1
        self._retire(connection)

    async def finish(self, connection: Connection, work: Coroutine[Any, Any, str]) -> str:
        """Run the last statement on a connection and take it back, even if the caller is cancelled."""
        return await asyncio.shield(self._spawn(self._finish(connection, work)))

    async def _finish(self, connection: Connection, work: Coroutine[Any, Any, str]) -> str:
        try:
            status = await work
        except BaseException as error:
            self.recover(connection, error)
            raise
        self.release(connection)
        return status

    def _spawn(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _forget(self, connection: Connection) -> None:
        self._expiry.pop(connection, None)
        self._retiring.discard(connection)
        if not self._expiry and not self._opening:
            self._drained.set()
        if not self._closed:
            self._fill()

    def _retire(self, connection: Connection) -> None:
        if connection.is_closed():
            self._forget(connection)
        else:
            self._spawn(self._shut(connection))

    async def _shut(self, connection: Connection) -> None:
        # asyncpg cancels the running statement first; closing in an orderly way lets that arrive, so that the
        # server does not go on with a statement nobody waits for.
        try:
            await connection.close(timeout=_CLOSE_TIMEOUT)
        except Exception:  # noqa: BLE001 (whatever happened, it is to be gone)
            connection.terminate()
        finally:
            self._forget(connection)

    def _fill(self) -> None:
        """Open as many connections as are asked for and allowed, unless PostgreSQL was just unreachable."""
        if self._closed or self._fill_timer is not None:
            return
        size = len(self._expiry) + self._opening
        wanted = max(self._min_size - size, len(self._waiters) - self._opening)
        for _ in range(min(wanted, self._max_size - size)):
            self._opening += 1
            self._spawn(self._grow())

    async def _grow(self) -> None:
        try:
            await self._open()
        except Exception as error:  # noqa: BLE001 (logged, answered and tried again)
            self._failed(error)

    async def _open(self) -> None:
        try:
            connection = await self._connect()
        finally:
            self._opening -= 1
        self._backoff = 0.0
        self._expiry[connection] = asyncio.get_running_loop().time() + self._max_lifetime
        self._drained.clear()
        self.release(connection)

    def _failed(self, error: Exception) -> None:
        _log.warning("database connection failed", error=str(error), kind=type(error).__name__)
        if not self._expiry:
            self._fail_waiters()
        self._backoff = min(_LAST_BACKOFF, self._backoff * 2 or _FIRST_BACKOFF)
        if self._fill_timer is None and not self._closed:
            self._fill_timer = asyncio.get_running_loop().call_later(self._backoff, self._resume)

    def _resume(self) -> None:
        self._fill_timer = None
        self._fill()

    def _fail_waiters(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()[1]
            if not waiter.done():
                waiter.set_exception(_unavailable())

    def _expire(self) -> None:
        """Answer everybody whose time is over; one timer serves all, as who came first is due first."""
        loop = asyncio.get_running_loop()
        self._expire_timer = None
        while self._waiters:
            deadline, waiter = self._waiters[0]
            if deadline > loop.time() and not waiter.done():
                self._expire_timer = loop.call_at(deadline, self._expire)
                return
            self._waiters.popleft()
            if not waiter.done():
                self._timeouts += 1
                waiter.set_exception(_busy() if self._expiry else _unavailable())

    def _sweep(self) -> None:
        """Replace connections that are past their lifetime: idle ones now, the others when they come back."""
        loop = asyncio.get_running_loop()
        self._sweep_timer = loop.call_later(_SWEEP_INTERVAL, self._sweep)
        now = loop.time()
        self._retiring.update(connection for connection, expiry in self._expiry.items() if expiry <= now)
        stale = [c for c in self._idle if c.is_closed() or c in self._retiring]
        for connection in stale:
            self._idle.remove(connection)
            self._retire(connection)


def _busy() -> UnavailableError:
    return UnavailableError("The database is busy.", code="database_busy", retry_after=1)


def _unavailable() -> UnavailableError:
    return UnavailableError("The database cannot be reached.", code="database_unavailable", retry_after=1)
