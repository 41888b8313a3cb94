"""The feed of events in tests: a relay that gives positions, at once or all the time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from central_server.infra.outbox import Relay
from support.database import superuser
from support.place import Place, Stack

_UNPLACED = "SELECT count(*) FROM outbox WHERE tenant_id = $1 AND position IS NULL"


async def put_into_feed(place: Place) -> None:
    """Give a position to every event that a tenant has now."""
    relay = await place.stack.central.container.get(Relay)
    async with superuser(place.stack) as connection:
        while await connection.fetchval(_UNPLACED, place.tenant.id.uuid):
            await relay.TX_pass()


@asynccontextmanager
async def relaying(stack: Stack) -> AsyncIterator[None]:
    """Run a relay meanwhile; there is no Temporal, which the feed does not wait for."""
    relay, stop = await stack.central.container.get(Relay), asyncio.Event()
    task = asyncio.create_task(relay.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task
