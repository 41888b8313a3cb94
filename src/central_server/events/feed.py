import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from central_server.infra.db import Database
from central_server.infra.db.listen import Listener
from central_server.infra.outbox.tables import FEED


class FeedNews:
    """Tells those who wait for events when a relay has put some into the feed.

    One connection listens for the whole process, from the first wait on.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self._listener: Listener | None = None
        self._starting = asyncio.Lock()
        self._waiting: set[asyncio.Event] = set()

    @asynccontextmanager
    async def expected(self) -> AsyncGenerator[asyncio.Event]:
        """Give what is set whenever there is news from now on; to be cleared before one looks."""
        await self._listen()
        news = asyncio.Event()
        self._waiting.add(news)
        try:
            yield news
        finally:
            self._waiting.discard(news)

    async def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            await self._listener.close()
            self._listener = None

    async def _listen(self) -> None:
        async with self._starting:
            if self._listener is None:
                self._listener = await self.db.listen(FEED, self._wake)

    def _wake(self, _: str) -> None:
        for news in self._waiting:
            news.set()
