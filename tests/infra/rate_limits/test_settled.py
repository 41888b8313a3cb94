"""Counting in the process and settling with the database: no round trip on the way, and a bound on what is too much."""

import asyncio
import secrets
from collections.abc import Mapping

import pytest

from central.errors import UnavailableError
from central_server.infra.db import Database
from central_server.infra.rate_limits.bucket import Ask, Limit
from central_server.infra.rate_limits.postgres import PostgresBuckets
from central_server.infra.rate_limits.settled import SettledBuckets

DAY = 86_400


def ask(count: int) -> Ask:
    """Ask a bucket of this test's own."""
    return Ask("x", secrets.token_bytes(16), Limit(count, DAY))


async def take_all(store: SettledBuckets, one: Ask, callers: int) -> int:
    """Take with many callers at once; gives how many succeeded."""
    return sum(taken.ok for taken in await asyncio.gather(*[store.take([one]) for _ in range(callers)]))


class CountingBuckets(PostgresBuckets):
    """Counts the statements that go to the database, which can be away, and can be slow to answer."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.statements = 0
        self.away = False
        self.arrived = asyncio.Event()
        self.answers: asyncio.Event | None = None

    async def charge(self, costs: Mapping[bytes, int]) -> dict[bytes, int]:
        self.statements += 1
        if self.away:
            raise UnavailableError("away")
        debts = await super().charge(costs)
        if self.answers is not None:
            self.arrived.set()
            await self.answers.wait()
        return debts


@pytest.fixture
def counting(shared: list[PostgresBuckets]) -> CountingBuckets:
    """The database's buckets, counted."""
    return CountingBuckets(shared[0]._db)


async def test_one_process_gives_exactly_what_there_is(counting: CountingBuckets) -> None:
    """Alone, a process is exact, and asks the database once in a twentieth of the bucket."""
    one = ask(200)
    assert await take_all(SettledBuckets(counting), one, 500) == 200
    assert counting.statements <= 21


async def test_a_request_now_and_then_asks_nobody(counting: CountingBuckets) -> None:
    """Whoever stays below a share between two settlements never waits for the database."""
    store = SettledBuckets(counting)
    for _ in range(100):
        assert await take_all(store, ask(200), 9) == 9
    assert counting.statements == 0
    await store.settle()
    assert counting.statements == 1


@pytest.mark.parametrize("count", [1, 5, 100, 1000])
async def test_four_processes_give_at_most_four_shares_too_much(shared: list[PostgresBuckets], count: int) -> None:
    """Together processes give a share each beyond the bucket at most, and all of what is in it."""
    one = ask(count)
    stores = [SettledBuckets(each) for each in shared]
    given = 0
    for _ in range(4):
        given += sum(await asyncio.gather(*[take_all(store, one, count // 2 + 5) for store in stores]))
        await asyncio.gather(*[store.settle() for store in stores])
    share = max(1, count // 20)
    assert count <= given <= count + 4 * share


async def test_what_was_too_much_is_missing_later(shared: list[PostgresBuckets]) -> None:
    """Debts are charged in full, so that over time nobody gets more than the limit."""
    one = ask(20)
    stores = [SettledBuckets(each) for each in shared]
    given = sum([await take_all(store, one, 30) for store in stores])
    for store in stores:
        await store.settle()
    debt = (await shared[0].charge({one.key: 0}))[one.key]
    assert round(debt / one.limit.interval) == given > 20


async def test_a_process_learns_what_others_took(shared: list[PostgresBuckets]) -> None:
    """After a settlement the copy is that of the database."""
    one = ask(100)
    first, second = SettledBuckets(shared[0]), SettledBuckets(shared[1])
    assert await take_all(first, one, 100) == 100
    await first.settle()
    assert await take_all(second, one, 1) == 1
    await second.settle()
    assert await take_all(second, one, 1) == 0


async def test_refusals_ask_nobody(counting: CountingBuckets) -> None:
    """Who floods an empty bucket costs the database nothing."""
    store, one = SettledBuckets(counting), ask(100)
    await take_all(store, one, 100)
    await store.settle()
    before = counting.statements
    assert await take_all(store, one, 1000) == 0
    await store.settle()
    assert counting.statements == before


async def test_without_the_database_the_copy_counts_alone(counting: CountingBuckets) -> None:
    """While the database is away the limit of each process holds, and what was taken is charged afterwards."""
    store, one = SettledBuckets(counting), ask(40)
    counting.away = True
    assert await take_all(store, one, 100) == 40
    with pytest.raises(UnavailableError):
        await store.settle()
    counting.away = False
    await store.settle()
    debt = (await counting.charge({one.key: 0}))[one.key]
    assert round(debt / one.limit.interval) == 40


async def test_closing_charges_what_is_owed(shared: list[PostgresBuckets]) -> None:
    """A process that ends takes no tokens with it; it settles by itself while it runs."""
    one = ask(100)
    store = SettledBuckets(shared[0], seconds=0.01)
    await store.start()
    assert await take_all(store, one, 3) == 3
    await store.close()
    debt = (await shared[1].charge({one.key: 0}))[one.key]
    assert round(debt / one.limit.interval) == 3


async def test_callers_who_leave_while_it_settles_are_charged_once(counting: CountingBuckets) -> None:
    """A request that is cancelled after the charge arrived, and before its answer did, does not double it."""
    one = ask(20)
    store = SettledBuckets(counting)
    assert await take_all(store, one, 1) == 1
    counting.answers = asyncio.Event()
    waiting = asyncio.create_task(store.take([one]))
    await counting.arrived.wait()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    counting.answers.set()
    await store.settle()
    debt = (await counting.charge({one.key: 0}))[one.key]
    assert round(debt / one.limit.interval) == 1


async def test_memory_is_bounded(counting: CountingBuckets) -> None:
    """However many addresses ask while the database is away, a process keeps so many buckets and debts."""
    store = SettledBuckets(counting, most=100)
    counting.away = True
    for _ in range(1000):
        assert await take_all(store, ask(100), 1) == 1
    assert len(store) == 100
    assert len(store._owing) == 100


async def test_forgotten_copies_still_owe(counting: CountingBuckets) -> None:
    """A copy that had to go is charged for what was taken of it."""
    store, one = SettledBuckets(counting, most=10), ask(100)
    assert await take_all(store, one, 3) == 3
    for _ in range(9):
        await take_all(store, ask(100), 1)
    assert await take_all(store, ask(100), 1) == 1
    assert await take_all(store, one, 2) == 2
    await store.settle()
    debt = (await counting.charge({one.key: 0}))[one.key]
    assert round(debt / one.limit.interval) == 5


async def test_what_is_given_back_reaches_the_database(shared: list[PostgresBuckets]) -> None:
    """Tokens that come back are charged with a minus."""
    one = ask(10)
    store = SettledBuckets(shared[0])
    await take_all(store, one, 1)
    await store.settle()
    await store.give_back([one])
    await store.settle()
    debt = (await shared[1].charge({one.key: 0}))[one.key]
    assert debt < one.limit.interval / 2
