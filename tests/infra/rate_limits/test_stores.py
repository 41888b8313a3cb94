"""Where buckets are kept: in memory and in PostgreSQL, by one process and by several."""

import asyncio
import secrets
from collections.abc import Sequence

import asyncpg
import pytest

from central.errors import UnavailableError
from central_server.infra.db import Database
from central_server.infra.rate_limits.bucket import MICROSECONDS, Ask, Drawn, Limit, TokenStore
from central_server.infra.rate_limits.memory import MemoryBuckets
from central_server.infra.rate_limits.postgres import PostgresBuckets
from support.database import application, superuser
from support.place import Stack

HOUR = 3600


def ask(count: int, *, name: str = "x", needed: int = 1, wanted: int = 1) -> Ask:
    """Ask a bucket of this test's own."""
    return Ask(name, secrets.token_bytes(16), Limit(count, HOUR), needed, wanted)


@pytest.fixture(params=["memory", "postgres"])
def stores(request: pytest.FixtureRequest) -> Sequence[TokenStore]:
    """What callers in several processes use, or in one where only that is meant."""
    return [MemoryBuckets()] if request.param == "memory" else request.getfixturevalue("shared")


async def _many(stores: Sequence[TokenStore], asks: Sequence[Sequence[Ask]]) -> list[bool]:
    """Take at the same time, in turns over the processes."""
    work = [stores[number % len(stores)].take(each) for number, each in enumerate(asks)]
    return [taken.ok for taken in await asyncio.gather(*work)]


async def test_of_a_hundred_callers_as_many_succeed_as_there_are_tokens(stores: Sequence[TokenStore]) -> None:
    """No two callers get the last token, however many processes they are in."""
    for size in (1, 7, 60):
        one = ask(size)
        assert sum(await _many(stores, [[one]] * 100)) == size


async def test_several_buckets_in_any_order_are_taken_together_or_not_at_all(stores: Sequence[TokenStore]) -> None:
    """Two buckets asked in either order at once neither wait in a circle nor lose a token to who is refused."""
    small, large = ask(5), ask(50)
    succeeded = await _many(stores, [[small, large], [large, small]] * 40)
    assert sum(succeeded) == 5
    assert (await stores[0].take([large])).drawn[0].remaining == 44


async def test_what_is_wanted_is_given_as_far_as_it_is_there(stores: Sequence[TokenStore]) -> None:
    """Needed tokens decide, wanted ones come along."""
    first = ask(5, needed=1, wanted=3)
    assert [one.granted for one in (await stores[0].take([first])).drawn] == [3]
    assert [one.granted for one in (await stores[-1].take([first])).drawn] == [2]
    last = Ask("l", (three := ask(3)).key, three.limit, needed=2, wanted=1)
    assert [(await stores[0].take([last])).ok for _ in range(3)] == [True, True, False]
    optional = Ask("o", first.key, first.limit, 0, 1)
    taken = await stores[0].take([ask(1), optional])
    assert (taken.ok, [one.granted for one in taken.drawn]) == (True, [1, 0])


async def test_answers_come_in_the_order_that_was_asked(stores: Sequence[TokenStore]) -> None:
    """Whatever the keys are, each ask is answered at its place."""
    asks = [ask(size, needed=0, wanted=0) for size in range(1, 9)]
    assert [one.remaining for one in (await stores[0].take(asks)).drawn] == list(range(1, 9))


async def test_what_is_given_back_can_be_taken_again(stores: Sequence[TokenStore]) -> None:
    """A token that comes back is there at once, for everybody, and a bucket never holds more than it may."""
    one = ask(2)
    await _many(stores, [[one]] * 2)
    await stores[-1].give_back([one])
    assert await _many(stores, [[one]] * 2) == [True, False] or sum(await _many(stores, [[one]] * 2)) == 0
    for _ in range(5):
        await stores[0].give_back([one])
    assert sum(await _many(stores, [[one]] * 10)) == 2


def test_memory_goes_by_its_clock() -> None:
    """One token comes back after its time, and no moment before."""
    now = 0
    store = MemoryBuckets(clock=lambda: now)
    one = Ask("x", b"x", Limit(2, 60))
    assert [store_take(store, one) for _ in range(3)] == [True, True, False]
    now = 30 * MICROSECONDS - 1
    assert not store_take(store, one)
    now += 1
    assert [store_take(store, one) for _ in range(2)] == [True, False]


def store_take(store: MemoryBuckets, one: Ask) -> bool:
    """Take outside an event loop."""
    try:
        store.take([one]).send(None)
    except StopIteration as end:
        return end.value.ok
    raise AssertionError("nothing is awaited")


def test_memory_is_bounded_and_full_buckets_go_first() -> None:
    """Whoever is still counted is not forgotten for those that are not, however many these are."""
    now = 0
    store = MemoryBuckets(1000, clock=lambda: now)
    counted = Ask("x", b"counted", Limit(1, HOUR))
    store_take(store, counted)
    for number in range(10_000):
        now += MICROSECONDS // 4
        store_take(store, Ask("x", number.to_bytes(16, "big"), Limit(1, 1)))
    assert len(store) <= 1000
    assert not store_take(store, counted)


def test_memory_is_bounded_when_nothing_is_full() -> None:
    """Where no bucket is full the oldest is forgotten, and finding it does not go through all of them."""
    store = MemoryBuckets(1000, clock=lambda: 0)
    for number in range(5000):
        store_take(store, Ask("x", number.to_bytes(16, "big"), Limit(1, HOUR)))
    assert len(store) == 1000
    assert not store_take(store, Ask("x", (4999).to_bytes(16, "big"), Limit(1, HOUR)))


async def test_postgres_goes_by_its_own_clock(stack: Stack, shared: list[PostgresBuckets]) -> None:
    """A token is back when the database says so, and the debt is told in microseconds from now."""
    one = ask(2)
    await _many(shared, [[one]] * 2)
    async with superuser(stack) as connection:
        await connection.execute(
            "UPDATE rate_buckets SET full_at = full_at - interval '30 minutes' WHERE key = $1", one.key
        )
    taken = await shared[0].take([one])
    assert taken.ok
    assert taken.drawn[0].debt == pytest.approx(HOUR * MICROSECONDS, abs=5 * MICROSECONDS)
    assert not (await shared[1].take([one])).ok


async def test_full_buckets_are_deleted_and_others_are_not(stack: Stack, shared: list[PostgresBuckets]) -> None:
    """The table holds what is counted now; deleting and counting at once loses nothing."""
    full, empty = ask(1), ask(1)
    await shared[0].take([full, empty])
    async with superuser(stack) as connection:
        await connection.execute("UPDATE rate_buckets SET full_at = now() WHERE key = $1", full.key)
        await asyncio.gather(*[store.drop_full() for store in shared])
        rows = await connection.fetch("SELECT key FROM rate_buckets WHERE key = ANY ($1)", [full.key, empty.key])
    assert [row["key"] for row in rows] == [empty.key]


async def test_deleting_beside_taking_gives_no_token_twice(shared: list[PostgresBuckets]) -> None:
    """Of a bucket that is deleted and made anew all the time, no more is taken than it holds."""
    for _ in range(30):
        one = ask(3)
        await shared[0].give_back([one])  # a full row, which is deleted while it is taken from
        taken = [store.take([one]) for store in shared * 3]
        results = await asyncio.gather(*taken, *[store.drop_full() for store in shared])
        assert sum(result.ok for result in results[: len(taken)]) == 3


async def test_charges_at_the_same_time_are_all_counted(shared: list[PostgresBuckets]) -> None:
    """What many processes charge adds up, in whichever order they name the buckets."""
    keys = [secrets.token_bytes(16) for _ in range(50)]
    second = MICROSECONDS
    await asyncio.gather(
        *[shared[n % 4].charge(dict.fromkeys(keys if n % 2 else keys[::-1], 10 * second)) for n in range(40)]
    )
    debts = await shared[0].charge(dict.fromkeys(keys, 0))
    assert set(debts) == set(keys)
    assert all(debt == pytest.approx(400 * second, abs=5 * second) for debt in debts.values())


async def test_the_application_has_no_privilege_on_the_table(stack: Stack) -> None:
    """Only the three functions reach the buckets."""
    async with application(stack) as connection:
        for statement in ("SELECT 1 FROM rate_buckets", "DELETE FROM rate_buckets", "TRUNCATE rate_buckets"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"SAVEPOINT s; {statement}")
            await connection.execute("ROLLBACK TO SAVEPOINT s")


async def test_without_a_database_exact_buckets_answer_so() -> None:
    """What must be exact is not guessed."""
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(UnavailableError):
        await PostgresBuckets(database).take([ask(1)])


async def test_remaining_counts_down(stores: Sequence[TokenStore]) -> None:
    """Each answer says what is left."""
    one = ask(3)
    seen: list[Drawn] = [(await stores[number % len(stores)].take([one])).drawn[0] for number in range(4)]
    assert [drawn.remaining for drawn in seen] == [2, 1, 0, 0]
    assert [drawn.granted for drawn in seen] == [1, 1, 1, 0]
