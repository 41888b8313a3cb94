from collections.abc import AsyncGenerator
from typing import Any

import pytest
from outbox_support import LISTENERS, FakeStarter

from central.kernel.ids import TenantId
from central_server.infra.actor import SYSTEM
from central_server.infra.outbox import Outbox
from support.durable import connection, dispatcher, temporal
from support.outbox_place import Place, outbox_place

__all__ = ["connection", "dispatcher", "temporal"]


@pytest.fixture(scope="session")
async def outbox_database() -> AsyncGenerator[Place]:
    async with outbox_place("outbox") as place:
        yield place


@pytest.fixture
async def place(outbox_database: Place) -> Place:
    """Give the database with an empty outbox."""
    await outbox_database.empty()
    return outbox_database


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(LISTENERS)


@pytest.fixture
def tenant() -> TenantId:
    return TenantId.new()


@pytest.fixture
def starter() -> FakeStarter:
    return FakeStarter()


@pytest.fixture
def add(place: Place, outbox: Outbox) -> Any:
    async def add(*events: Any) -> None:
        for event in events:
            async with place.database.write(event.tenant_id) as executor:
                await outbox.add(event, SYSTEM, executor)

    return add
