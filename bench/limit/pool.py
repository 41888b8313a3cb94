"""A pool that hands a connection straight to who has waited longest, and does nothing else."""

import asyncio
from collections import deque
from typing import Any

import asyncpg
from pydantic_core import from_json

from bench.limit import statements


def _read_jsonb(value: bytes) -> Any:
    """Read the binary form, which is a version byte and JSON."""
    return {} if value == b"\x01{}" else from_json(value[1:])


def _as_given(value: str) -> bytes:
    return b"\x01" + value.encode()


class Prepared:
    """One connection and its statements, prepared ahead."""

    __slots__ = ("connection", "create", "first_page", "me", "next_page", "session")

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def prepare(self) -> None:
        self.me = (await self.connection.prepare(statements.ME)).fetchrow
        self.session = (await self.connection.prepare(statements.SESSION)).fetchrow
        self.first_page = (await self.connection.prepare(statements.FIRST_PAGE)).fetch
        self.next_page = (await self.connection.prepare(statements.NEXT_PAGE)).fetch
        self.create = (await self.connection.prepare(statements.CREATE)).fetchrow


class HandOffPool:
    def __init__(self) -> None:
        self._idle: list[Prepared] = []
        self._waiting: deque[asyncio.Future[Prepared]] = deque()

    async def start(self, url: str, size: int) -> None:
        for _ in range(size):
            connection = await asyncpg.connect(url, server_settings={"jit": "off", "timezone": "UTC"})
            await connection.set_type_codec(
                "jsonb", schema="pg_catalog", format="binary", encoder=_as_given, decoder=_read_jsonb
            )
            prepared = Prepared(connection)
            await prepared.prepare()
            self._idle.append(prepared)
        self._loop = asyncio.get_running_loop()

    async def close(self) -> None:
        for prepared in self._idle:
            await prepared.connection.close()

    def take(self) -> Prepared | None:
        """Give an idle connection; without one, the caller awaits `wait()`."""
        return self._idle.pop() if self._idle else None

    def wait(self) -> "asyncio.Future[Prepared]":
        waiter = self._loop.create_future()
        self._waiting.append(waiter)
        return waiter

    def give_back(self, prepared: Prepared) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(prepared)
        else:
            self._idle.append(prepared)
