"""How Central connects to PostgreSQL: the settings, and the part of asyncpg that it relies on."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, cast

import asyncpg

from .codecs import CodecHost, register_codecs

_SETTINGS = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "search_path": "central",
    "timezone": "UTC",
    "jit": "off",
}


class Record(Protocol):
    """A row: values by name or by position."""

    def __getitem__(self, key: str | int, /) -> Any: ...
    def __len__(self) -> int: ...
    def keys(self) -> Iterator[str]:
        """Give the names, in order."""
        ...

    def values(self) -> Iterator[Any]:
        """Give the values, in order."""
        ...

    def items(self) -> Iterator[tuple[str, Any]]:
        """Give names and values, in order."""
        ...


class Connection(CodecHost, Protocol):
    """The part of `asyncpg.Connection` in use; asyncpg ships no types."""

    async def fetch(self, query: str, /, *args: object) -> list[Record]:
        """Run a prepared statement and give its rows."""
        ...

    async def fetchrow(self, query: str, /, *args: object) -> Record | None:
        """Run a prepared statement and give its first row."""
        ...

    async def execute(self, query: str, /, *args: object) -> str:
        """Run statements and give the last one's tag; without arguments they may be several."""
        ...

    async def executemany(self, query: str, rows: Iterable[Sequence[object]], /) -> None:
        """Run a prepared statement for each row of arguments, all or none."""
        ...

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 (asyncpg's)
        """Say goodbye, within `timeout` seconds."""
        ...

    async def add_listener(self, channel: str, callback: Callable[..., None], /) -> None:
        """Listen to a channel."""
        ...

    def add_termination_listener(self, callback: Callable[..., None], /) -> None:
        """Be told when the connection is gone."""
        ...

    def terminate(self) -> None:
        """Cut the connection."""
        ...

    def is_closed(self) -> bool:
        """Whether it is closed or lost."""
        ...

    def is_in_transaction(self) -> bool:
        """Whether a transaction block is open, by what the server said last."""
        ...


_connect = cast("Callable[..., Awaitable[Connection]]", vars(asyncpg)["connect"])


def driver_url(url: str) -> str:
    """Give the URL as asyncpg reads it, without SQLAlchemy's `+asyncpg`."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


async def connect(url: str, *, application_name: str = "central", within: float = 2.0) -> Connection:
    """Open one connection with Central's settings and codecs; `TimeoutError` after `within` seconds."""
    async with asyncio.timeout(within):
        opened = await _connect(
            driver_url(url),
            server_settings={**_SETTINGS, "application_name": application_name},
            # Longer than the server's own limit: this is for a network that has gone silent.
            command_timeout=10,
            # Statements live as long as their connection does; every text is one of a fixed set of queries.
            statement_cache_size=1000,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=65536,
        )
        try:
            await register_codecs(opened)
        except BaseException:
            opened.terminate()
            raise
    return opened
