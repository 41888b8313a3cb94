from collections.abc import AsyncIterator

import pytest

from support.pages import PageBrowser
from support.place import Stack
from support.signing_in import provider

__all__ = ["provider"]


@pytest.fixture
async def browser(stack: Stack) -> AsyncIterator[PageBrowser]:
    """A browser."""
    async with PageBrowser(stack) as opened:
        yield opened
