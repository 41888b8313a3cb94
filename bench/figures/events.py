"""How many events a second come from their commit to the effect of a listener inside the database, and how soon a lone
one does: on a PostgreSQL of its own, written by one process and followed by another, as by an API and a worker."""

import asyncio
import multiprocessing
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

import asyncpg

from bench.figures.figure import Figure
from central.kernel.ids import TenantId, UserId
from central.users.events import UserUpdated
from central_server.infra.actor import SYSTEM
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.db.migrate import upgrade
from central_server.infra.db.roles import APP_ROLE
from central_server.infra.embedded.postgres import EmbeddedPostgres
from central_server.infra.logs import configure_logging
from central_server.infra.outbox import DBFeedEvent, Follower, Outbox, Relay
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.parts import make_listeners

_EVENTS = 10_000
_WRITERS = 16
_TENANTS = 200
_LONE = 25
_PASSWORD = "bench"


class _Nothing:
    """A listener whose effect is its position alone: what is measured is the way there."""

    async def apply(self, events: Sequence[DBFeedEvent], executor: WriteExecutor) -> None: ...


def measure() -> list[Figure]:
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="central-bench-", ignore_cleanup_errors=True) as folder:
        async with EmbeddedPostgres(Path(folder) / "postgres", durable=True) as server:
            url = server.url(APP_ROLE, _PASSWORD)
            await upgrade(server.url(), app_password=_PASSWORD)
            worker = multiprocessing.get_context("spawn").Process(target=_follow, args=(url,), daemon=True)
            worker.start()
            try:
                return await _write(server.url(), url)
            finally:
                worker.terminate()
                worker.join()


async def _write(owner_url: str, url: str) -> list[Figure]:
    configure_logging("error")
    database, outbox = Database(url, max_size=_WRITERS), Outbox(make_listeners())
    await database.start()
    owner: Any = await asyncpg.connect(owner_url, server_settings={"search_path": "central"})
    tenants = [TenantId.new() for _ in range(_TENANTS)]

    async def write(number: int) -> None:
        tenant = tenants[number % _TENANTS]
        event = UserUpdated(tenant_id=tenant, user_id=UserId.new())
        await outbox.add(event, SYSTEM, database.autocommit(tenant))

    async def write_each(first: int) -> None:
        for number in range(first, _EVENTS, _WRITERS):
            await write(number)

    try:
        await write(0)
        await _followed(owner, 1)
        began = monotonic()
        await asyncio.gather(*(write_each(first) for first in range(_WRITERS)))
        written = monotonic() - began
        await _followed(owner, _EVENTS + 1)
        rate = _EVENTS / (monotonic() - began)
        lone = []
        for number in range(_LONE):
            began = monotonic()
            await write(number)
            await _followed(owner, _EVENTS + 2 + number)
            lone.append(monotonic() - began)
    finally:
        await owner.close()
        await database.close()
    note = f"{_EVENTS:,} in transactions of their own, which {_EVENTS / written:,.0f} a second were written; goal 1,000"
    return [
        Figure(
            "1,000 ÷ events a second, commit to receipt", 1000 / rate, "times", 1.0, f"{rate:,.0f} a second: {note}"
        ),
        Figure("a lone event, commit to receipt", median(lone) * 1e3, "ms", 200, f"median of {_LONE}"),
    ]


async def _followed(owner: Any, count: int) -> None:
    """Wait until the follower has come so far."""
    query = "SELECT count(*) FROM outbox WHERE position <= (SELECT position FROM event_followers WHERE name = 'bench')"
    while await owner.fetchval(query) < count:  # noqa: ASYNC110 (it is another process that comes so far)
        await asyncio.sleep(0.005)


def _follow(url: str) -> None:
    asyncio.run(_serve(url))


async def _serve(url: str) -> None:
    configure_logging("error")
    database, stop = Database(url), asyncio.Event()
    await database.start()
    dispatcher = TemporalDispatcher(TemporalConnection("127.0.0.1:1"))
    relay = Relay(database, dispatcher, make_listeners())
    await asyncio.gather(relay.run(stop), Follower(database, "bench", _Nothing()).run(stop))
