from collections.abc import AsyncIterator

import pytest

from central_server.infra.db import Database
from central_server.infra.rate_limits.postgres import PostgresBuckets
from support.place import Stack


@pytest.fixture
async def pools(stack: Stack) -> AsyncIterator[list[Database]]:
    """Four pools of connections to one database, as four processes have them."""
    databases = [Database(stack.settings.database_url.get_secret_value(), max_size=4) for _ in range(4)]
    for database in databases:
        await database.start()
    yield databases
    for database in databases:
        await database.close()


@pytest.fixture
def shared(pools: list[Database]) -> list[PostgresBuckets]:
    """The database's buckets, as four processes see them."""
    return [PostgresBuckets(database) for database in pools]
