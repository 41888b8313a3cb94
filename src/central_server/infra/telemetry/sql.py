"""Spans of statements: a connection like any other, which tells of what is run on it inside of another span."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

from opentelemetry.trace import Tracer, get_current_span

from central_server.infra.db.connection import Connection, Record
from central_server.infra.telemetry.drafts import code_of, current_draft, fail, start_statement

T = TypeVar("T")


class TracedConnection:
    """Makes a span of each statement that belongs to a request, an activity or an event.

    Those of what a process does on its own every few moments, such as the relay's looking for events, wait until it
    has found something, and stay untold where it has not; any other belongs to nothing, and is untold as well.
    """

    __slots__ = ("_connection", "_tracer")

    def __init__(self, connection: Connection, tracer: Tracer) -> None:
        self._connection = connection
        self._tracer = tracer

    async def fetch(self, query: str, /, *args: object) -> list[Record]:
        """Run a prepared statement and give its rows."""
        return await self._told(query, self._connection.fetch(query, *args))

    async def fetchrow(self, query: str, /, *args: object) -> Record | None:
        """Run a prepared statement and give its first row."""
        return await self._told(query, self._connection.fetchrow(query, *args))

    async def execute(self, query: str, /, *args: object) -> str:
        """Run statements and give the last one's tag."""
        return await self._told(query, self._connection.execute(query, *args))

    async def executemany(self, query: str, rows: Iterable[Sequence[object]], /) -> None:
        """Run a prepared statement for each row of arguments."""
        await self._told(query, self._connection.executemany(query, rows))

    async def _told(self, query: str, work: Awaitable[T]) -> T:
        if not get_current_span().is_recording():
            draft = current_draft()
            return await (work if draft is None else draft.watch(query, work))
        span = start_statement(self._tracer, query)
        try:
            return await work
        except Exception as error:
            fail(span, code_of(error))
            raise
        finally:
            span.end()

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 (asyncpg's)
        """Say goodbye."""
        await self._connection.close(timeout=timeout)

    async def set_type_codec(self, *args: Any, **named: Any) -> None:
        """Register how values of a type are read and written."""
        await self._connection.set_type_codec(*args, **named)

    async def add_listener(self, channel: str, callback: Callable[..., None], /) -> None:
        """Listen to a channel."""
        await self._connection.add_listener(channel, callback)

    def add_termination_listener(self, callback: Callable[..., None], /) -> None:
        """Be told when the connection is gone."""
        self._connection.add_termination_listener(callback)

    def terminate(self) -> None:
        """Cut the connection."""
        self._connection.terminate()

    def is_closed(self) -> bool:
        """Whether it is closed or lost."""
        return self._connection.is_closed()

    def is_in_transaction(self) -> bool:
        """Whether a transaction block is open."""
        return self._connection.is_in_transaction()
