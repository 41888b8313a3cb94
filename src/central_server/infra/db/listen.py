"""LISTEN on a connection of its own, which comes back by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from .connection import Connection

_log = structlog.get_logger(__name__)
_FIRST_BACKOFF = 0.1
_LAST_BACKOFF = 5.0
_CHECK_INTERVAL = 30.0
_CHECK_TIMEOUT = 5.0


class Listener:
    """Hears a channel until it is closed; see `Database.listen`."""

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], channel: str, callback: Callable[[str], None]
    ) -> None:
        self._connect = connect
        self._channel = channel
        self._callback = callback
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen, and to try until it works."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        backoff = _FIRST_BACKOFF
        while True:
            try:
                connection = await self._connect()
            except Exception as error:  # noqa: BLE001 (logged and tried again)
                _log.warning("listening failed", channel=self._channel, error=str(error))
                await asyncio.sleep(backoff)
                backoff = min(_LAST_BACKOFF, backoff * 2)
                continue
            backoff = _FIRST_BACKOFF
            await self._hear(connection)

    async def _hear(self, connection: Connection) -> None:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda *_: lost.set())
        try:
            await connection.add_listener(self._channel, self._heard)
            self._callback("")
            while not lost.is_set():
                await self._check(connection, lost)
        except Exception as error:  # noqa: BLE001 (logged; the caller connects anew)
            _log.warning("listening interrupted", channel=self._channel, error=str(error))
            await asyncio.sleep(_FIRST_BACKOFF)
        finally:
            connection.terminate()

    async def _check(self, connection: Connection, lost: asyncio.Event) -> None:
        """Wait until the connection is lost or has been silent for a while, and see that it still answers."""
        with suppress(TimeoutError):
            await asyncio.wait_for(lost.wait(), _CHECK_INTERVAL)
        if not lost.is_set():
            await asyncio.wait_for(connection.execute("SELECT 1"), _CHECK_TIMEOUT)

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self._callback(str(payload))
