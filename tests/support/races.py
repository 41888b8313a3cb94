"""Races with real callers: through the API, on real PostgreSQL, let go at one moment, also over two processes' pools.

Who adds something that may happen only once adds it to the table of `tests/races/test_single_use.py`; who adds what is
unique, to `tests/races/test_unique.py`.
"""

import asyncio
import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from central.errors import CentralError
from central_client import AsyncCentral
from central_server.app import Central
from central_server.infra.db import Database
from support.database import superuser
from support.place import Place, Stack, make_place, make_stack
from support.servers import shared_postgres

T = TypeVar("T")
Call = Callable[[], Awaitable[T]]

CALLERS = 100
ROUNDS = int(os.environ.get("CENTRAL_PROOF_ROUNDS", "1"))
"""How often each race is run; `nox -s proof` says more."""

_POOL = 20
_STEADY = 10
_FIRST_COMES = 20.0  # seconds at most, on a busy machine
_PATIENCE = 0.8  # seconds from then on: statements wait two for a lock
_BEFORE = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = $1::text::regclass"
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@dataclass
class Arena:
    """The APIs of one or two processes, each with a pool of its own, on one database."""

    stacks: Sequence[Stack]
    crowd: int = 0

    @property
    def stack(self) -> Stack:
        return self.stacks[0]

    async def place(self) -> Place:
        """Make a tenant."""
        return await make_place(self.stack)

    def spread(self, number: int) -> list[Stack]:
        """Give every caller a process, in turn."""
        return [self.stacks[index % len(self.stacks)] for index in range(number)]

    def at(self, place: Place, index: int) -> Place:
        """Give a tenant, and its owner, at the process of a caller."""
        stack = self.stacks[index % len(self.stacks)]
        return replace(place, stack=stack, owner=_moved(place.owner, stack, place.tenant.id))

    def clients(self, client: AsyncCentral, tenant: str | None, number: int) -> list[AsyncCentral]:
        """Give this many callers with the session of one, each with connections of their own."""
        return [_moved(client, stack, tenant) for stack in self.spread(number)]

    async def warm(self) -> None:
        """Open all connections, so that nobody has to wait for one to be made."""
        for stack in self.stacks:
            database = await stack.central.container.get(Database)
            await asyncio.gather(*(database.ping() for _ in range(3 * _POOL)))

    async def run(
        self, calls: Iterable[Call[T]], *, crowd_at: str | None = None, then: Call[T] | None = None
    ) -> list[T | Exception]:
        """Let all go at once and give what each got, in order; an error that is not the API's is raised.

        `crowd_at` is a table that is held until as many as there are connections stand before it, or no more come. Who
        looks there takes the next step at the same moment as all others. Where it is the outbox, which is written last,
        everybody has looked before anybody commits, unless a lock or a constraint lets only one get so far. `then`
        comes when they stand there, and its answer is the last.
        """
        made = list(calls)
        await self.warm()
        barrier = asyncio.Barrier(len(made))

        async def go(call: Call[T]) -> T:
            await barrier.wait()
            return await call()

        async with nullcontext() if crowd_at is None else self._crowd(crowd_at, len(made)) as late:
            tasks = [asyncio.create_task(go(call)) for call in made]
            if late is not None and then is not None:
                late.append(then)
        tasks += [] if late is None else late
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert crowd_at is None or self.crowd > 0, f"nobody came to {crowd_at}: that was no race"
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, CentralError):
                raise outcome
        return [outcome for outcome in outcomes if not isinstance(outcome, BaseException) or _is_answer(outcome)]

    @asynccontextmanager
    async def _crowd(self, table: str, callers: int) -> AsyncIterator[list[Any]]:
        """Hold a table while callers are let go inside, until they stand before it; calls of the list come then.

        The list has the tasks of these calls afterwards.
        """
        late: list[Any] = []
        async with superuser(self.stack) as holder, holder.transaction():
            await holder.execute(f"LOCK TABLE central.{table} IN ACCESS EXCLUSIVE MODE")
            yield late
            self.crowd = await self._gather(holder, table, min(callers, _POOL * len(self.stacks)))
            if late:
                waiting = await _waiters(holder)
                late[:] = [asyncio.create_task(call()) for call in late]
                async for _ in _looks(_PATIENCE / 2):
                    if await _waiters(holder) > waiting or all(task.done() for task in late):
                        break

    async def _gather(self, holder: Any, table: str, wanted: int) -> int:
        """Wait until so many stand before a table, or no more come: some may have to wait for another elsewhere."""
        seen: list[int] = []
        async for _ in _looks(_FIRST_COMES):
            if await holder.fetchval(_BEFORE, f"central.{table}"):
                break
        async for _ in _looks(_PATIENCE):
            seen.append(await holder.fetchval(_BEFORE, f"central.{table}"))
            if seen[-1] >= wanted or (len(seen) > _STEADY and seen[-1] == seen[-_STEADY]):
                break
        return max(seen)


async def _waiters(connection: Any) -> int:
    """Count who waits for a lock; a transaction would count who did when it first looked."""
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    found: int = await connection.fetchval(_WAITING)
    return found


async def _looks(seconds: float) -> AsyncIterator[None]:
    """Look again and again, for so long."""
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        yield
        await asyncio.sleep(0.01)


def _moved(client: AsyncCentral, stack: Stack, tenant: str | None) -> AsyncCentral:
    """Give a client at another process with the same session."""
    token = client.session_token
    assert token is not None, "signed in"
    return stack.client(tenant, token.get_secret_value())


def _is_answer(outcome: BaseException) -> bool:
    """Check that an error is one that a caller can do something about: never a 500, nor an outage.

    Who waited two seconds for a lock is told to try again, which only a busy machine makes anybody be.
    """
    assert isinstance(outcome, CentralError)
    assert outcome.status < 500 or outcome.code == "try_again", outcome
    return True


def tally(outcomes: Iterable[object]) -> Counter[str]:
    """Count answers: "done", or the code of the error."""
    return Counter(outcome.code if isinstance(outcome, CentralError) else "done" for outcome in outcomes)


@asynccontextmanager
async def make_arena(mailbox: Path) -> AsyncIterator[Arena]:
    """Start two processes' worth of the API on one database of their own."""
    name = f"races_{secrets.token_hex(6)}"
    # Nobody shall be sent away for want of a connection: what is tested is who wins, not how many fit.
    settings = {"database_pool_size": _POOL, "database_pool_timeout": 30}
    async with shared_postgres() as postgres, make_stack(postgres, name, mailbox, **settings) as stack:
        central = Central(stack.settings)
        await central.start()
        twin = Stack(central, stack.settings, stack.superuser_url, stack.dns)
        twin.operator_user = stack.operator_user
        try:
            yield Arena([stack, twin])
        finally:
            await central.stop()
