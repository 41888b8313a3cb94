from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest
from db_support import Place, Server, make_place, opened, served

from central_server.infra.db import Database


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    yield from served()


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """Serve a second one, for tests that stop it."""
    yield from served()


@pytest.fixture(scope="session")
async def place(server: Server) -> Place:
    return await make_place(server, "central_test")


@pytest.fixture
async def db(place: Place) -> AsyncIterator[Database]:
    async with opened(place.app, min_size=1, max_size=2) as database:
        yield database


@pytest.fixture
async def owner(place: Place) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(place.owner, server_settings={"search_path": "central"})
    yield connection
    await connection.close()
