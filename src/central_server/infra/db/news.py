"""Waiting for what a channel tells of, without asking the database again and again."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final, TypeVar

from central_server.infra.waiting import wait_for_any

from .database import Database
from .listen import Listener

T = TypeVar("T")
_LOOK_AGAIN: Final = 2.0
"""Seconds. A telling may be lost with its connection: then one looks a little later."""


class News:
    """Wakes those who wait for what a channel tells of; each telling says of which topic it is.

    One connection listens for the whole process, from the first wait on. When it comes back after it was lost, and at
    a telling without a topic, everybody is woken.
    """

    def __init__(self, db: Database, channel: str) -> None:
        self.db = db
        self.channel = channel
        self._listener: Listener | None = None
        self._starting = asyncio.Lock()
        self._waiting: dict[str, set[asyncio.Event]] = {}

    async def look_until(
        self, enough: Callable[[T], bool], look: Callable[[], Awaitable[T]], seconds: float, topic: str = ""
    ) -> T:
        """Look, and again at each news of the topic, until it is enough or so many seconds are over.

        Gives what was seen last. Nothing is held meanwhile. `look` reads from where the telling comes from: a replica
        may know of it later.
        """
        until = monotonic() + seconds
        async with self._expected(topic) as news:
            while True:
                news.clear()
                seen = await look()
                left = until - monotonic()
                if enough(seen) or left <= 0:
                    return seen
                await wait_for_any(news, seconds=min(left, _LOOK_AGAIN))

    async def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            await self._listener.close()
            self._listener = None

    @asynccontextmanager
    async def _expected(self, topic: str) -> AsyncGenerator[asyncio.Event]:
        async with self._starting:
            if self._listener is None:
                self._listener = await self.db.listen(self.channel, self._wake)
        news = asyncio.Event()
        self._waiting.setdefault(topic, set()).add(news)
        try:
            yield news
        finally:
            self._waiting[topic].discard(news)
            if not self._waiting[topic]:
                del self._waiting[topic]

    def _wake(self, topic: str) -> None:
        woken = self._waiting.values() if topic == "" else [self._waiting.get(topic, set())]
        for waiting in woken:
            for news in waiting:
                news.set()
