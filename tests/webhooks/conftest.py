from collections.abc import AsyncIterator

import pytest

from support.database import superuser
from support.place import Stack
from support.webhooks import Receiver


@pytest.fixture(autouse=True)
async def _nothing_is_due(stack: Stack) -> None:
    """Forget the endpoints of other tests: senders serve all tenants."""
    async with superuser(stack) as connection:
        await connection.execute("DELETE FROM webhook_endpoints")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A server that takes webhooks."""
    async with Receiver() as made:
        yield made
