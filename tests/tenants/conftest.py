from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central_server.infra.temporal.client import TemporalConnection
from support.place import Stack
from support.workers import durable_stack


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the workers of a module write to."""
    return tmp_path_factory.mktemp("workers")


@pytest.fixture(scope="module")
async def durable(folder: Path) -> AsyncIterator[tuple[Stack, TemporalConnection]]:
    """An API, and a Temporal for workers that a test starts."""
    async with durable_stack(folder) as made:
        yield made
