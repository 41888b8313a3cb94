from collections.abc import AsyncIterator

import pytest

from support.races import Arena, make_arena


@pytest.fixture
async def arena(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arena]:
    """Two processes' worth of the API on one database of their own."""
    async with make_arena(tmp_path_factory.mktemp("mailbox")) as made:
        yield made
