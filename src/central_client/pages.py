"""Lists: fetched page by page while they are read."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Generic, TypeVar

from central.kernel.pages import Page
from central_client.errors import UnreadableAnswerError

Item = TypeVar("Item")


def _following(page: Page[Item], cursor: str | None) -> str | None:
    if page.next_cursor is not None and page.next_cursor == cursor:
        raise UnreadableAnswerError("The server gave the same cursor twice: the list would never end.")
    return page.next_cursor


class Pager(Generic[Item]):
    """A list that has not been fetched yet: `for item in pager` asks for a page whenever one is needed.

    `limit` is the size of a page, not of the list. Each iteration begins anew at the first page. Every step
    that asks for a page raises what the list's operation raises.
    """

    def __init__(self, name: str, fetch: Callable[[str | None], Page[Item]]) -> None:
        self._name = name
        self._fetch = fetch

    def __repr__(self) -> str:
        return f"<Pager of {self._name}>"

    def first_page(self) -> Page[Item]:
        """Fetch one page, the first: `.items`, and `.next_cursor` for the next (None on the last)."""
        return self._fetch(None)

    def pages(self) -> Iterator[Page[Item]]:
        """Give page after page, each fetched when it is asked for."""
        cursor: str | None = None
        while True:
            page = self._fetch(cursor)
            yield page
            if (cursor := _following(page, cursor)) is None:
                return

    def __iter__(self) -> Iterator[Item]:
        for page in self.pages():
            yield from page.items


class AsyncPager(Generic[Item]):
    """A list that has not been fetched yet: `async for item in pager` asks for a page whenever one is needed.

    `limit` is the size of a page, not of the list. Each iteration begins anew at the first page. Every step
    that asks for a page raises what the list's operation raises.
    """

    def __init__(self, name: str, fetch: Callable[[str | None], Awaitable[Page[Item]]]) -> None:
        self._name = name
        self._fetch = fetch

    def __repr__(self) -> str:
        return f"<AsyncPager of {self._name}>"

    async def first_page(self) -> Page[Item]:
        """Fetch one page, the first: `.items`, and `.next_cursor` for the next (None on the last)."""
        return await self._fetch(None)

    async def pages(self) -> AsyncIterator[Page[Item]]:
        """Give page after page, each fetched when it is asked for."""
        cursor: str | None = None
        while True:
            page = await self._fetch(cursor)
            yield page
            if (cursor := _following(page, cursor)) is None:
                return

    async def __aiter__(self) -> AsyncIterator[Item]:
        async for page in self.pages():
            for item in page.items:
                yield item
