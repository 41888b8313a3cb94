from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from support.races import Arena, make_arena
from support.signing_in import provider

__all__ = ["provider"]


@pytest.fixture(scope="session")
async def processes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arena]:
    """Two processes' worth of the API, on one database of their own."""
    async with make_arena(tmp_path_factory.mktemp("mailbox")) as arena:
        yield arena


@pytest.fixture(params=[1, 2], ids=["one process", "two processes"])
def arena(request: pytest.FixtureRequest, processes: Arena) -> Arena:
    """The callers' processes: all at one, or half of them at another."""
    return replace(processes, stacks=processes.stacks[: request.param])
