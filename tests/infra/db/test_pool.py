"""The pool: fair, bounded, and never handing out a connection that is in doubt."""

import asyncio
import random
import time
from typing import Any

import pytest
from db_support import Place, Server, idle_in_transaction, opened
from sqlalchemy import Integer, Text, bindparam, func, literal, select, text

from central.errors import UnavailableError
from central_server.infra.db import Database, Query
from central_server.infra.db.connection import Connection
from central_server.infra.db.pool import Pool

_ECHO = Query[Any](select(bindparam("n", type_=Integer).label("n"), bindparam("t", type_=Text).label("t")))
_SLEEP = Query[Any](select(func.pg_sleep(bindparam("s")).label("x"), bindparam("n", type_=Integer).label("n")))
_BACKEND = Query[Any](select(func.pg_backend_pid()))


def _pool(db: Database) -> Pool:
    return db._writing


async def _settled(db: Database, *, size: int | None = None) -> None:
    for _ in range(200):
        stats = db.stats["primary"]
        if stats.idle == stats.size and not stats.waiting and (size is None or stats.size == size):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(db.stats)


async def test_waiters_are_served_in_the_order_they_came(place: Place) -> None:
    """With one connection, 200 waiters finish in the order in which they asked."""
    async with opened(place.app, min_size=1, max_size=1) as db:
        order: list[int] = []

        async def one(n: int) -> None:
            assert await db.unscoped().scalar(_ECHO, n=n, t="") == n
            order.append(n)

        await asyncio.gather(*[one(n) for n in range(200)])
        assert order == list(range(200))


async def test_a_newcomer_does_not_overtake(place: Place) -> None:
    """A released connection belongs to the first waiter, even if somebody asks before that one runs."""
    async with opened(place.app, min_size=1, max_size=1) as db:
        pool = _pool(db)
        held = await pool.acquire()
        waiter = asyncio.create_task(pool.acquire())
        await asyncio.sleep(0)
        pool.release(held)
        assert pool.take() is None
        assert await waiter is held
        pool.release(held)


async def test_taking_an_idle_connection_does_not_wait(place: Place) -> None:
    """The fast path is synchronous."""
    async with opened(place.app, min_size=1, max_size=1) as db:
        pool = _pool(db)
        connection = pool.take()
        assert connection is not None
        pool.release(connection)
        assert pool.take() is connection
        pool.release(connection)


async def test_an_exhausted_pool_answers_in_time_and_recovers(place: Place) -> None:
    """All who wait get 503 `database_busy` when their time is over, and those who come later are served."""
    async with opened(place.app, min_size=1, max_size=1, acquire_timeout=0.2) as db:
        holder = asyncio.create_task(db.unscoped().first(_SLEEP, s=0.5, n=1))
        await asyncio.sleep(0.05)
        started = time.monotonic()
        results = await asyncio.gather(
            *[db.unscoped().scalar(_ECHO, n=n, t="") for n in range(50)], return_exceptions=True
        )
        assert 0.15 < time.monotonic() - started < 0.4
        assert {type(result) for result in results} == {UnavailableError}
        assert {result.code for result in results if isinstance(result, UnavailableError)} == {"database_busy"}
        assert results[0].retry_after == 1  # type: ignore[union-attr]
        assert len({id(result) for result in results}) == 50
        assert db.stats["primary"].timeouts == 50
        await holder
        assert await db.unscoped().scalar(_ECHO, n=5, t="") == 5


async def test_too_many_waiters_are_refused_at_once(place: Place) -> None:
    """The queue is bounded."""
    async with opened(place.app, min_size=1, max_size=1, max_waiting=3) as db:
        holder = asyncio.create_task(db.unscoped().first(_SLEEP, s=0.2, n=1))
        await asyncio.sleep(0.02)
        waiting = [asyncio.create_task(db.unscoped().scalar(_ECHO, n=n, t="")) for n in range(3)]
        await asyncio.sleep(0)
        started = time.monotonic()
        with pytest.raises(UnavailableError) as refused:
            await db.unscoped().scalar(_ECHO, n=4, t="")
        assert refused.value.code == "database_busy"
        assert time.monotonic() - started < 0.05
        assert await asyncio.gather(*waiting) == [0, 1, 2]
        await holder


async def test_a_cancelled_waiter_loses_no_connection(place: Place) -> None:
    """Cancelled before, and in the same turn as, the hand-over."""
    async with opened(place.app, min_size=1, max_size=1) as db:
        pool = _pool(db)
        for hand_over_first in (False, True) * 50:
            held = await pool.acquire()
            waiter = asyncio.create_task(pool.acquire())
            await asyncio.sleep(0)
            if hand_over_first:
                pool.release(held)
                waiter.cancel()
            else:
                waiter.cancel()
                pool.release(held)
            with pytest.raises(asyncio.CancelledError):
                await waiter
            assert db.stats["primary"].idle == 1
        assert db.stats["primary"].size == 1


@pytest.mark.parametrize("size", [1, 2])
async def test_random_cancels_mix_nothing_up(place: Place, owner: Any, size: int) -> None:
    """1,500 callers for each size, 600 of them cancelled anywhere, each of the others getting its own answer."""
    rng = random.Random(size)
    async with opened(place.app, min_size=1, max_size=size, acquire_timeout=30, max_waiting=10000) as db:

        async def one(n: int) -> None:
            row = await db.unscoped().first(
                _ECHO if n % 3 else _SLEEP, **({"t": str(n)} if n % 3 else {"s": 0.0005}), n=n
            )
            assert row["n"] == n

        async def cancelled(n: int) -> None:
            task = asyncio.create_task(one(n))
            await asyncio.sleep(rng.random() * 0.002)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        rounds = 0
        while rounds < 300 or (db.stats["primary"].discarded < 20 and rounds < 3000):
            rounds += 1
            jobs = [cancelled(n) if rng.random() < 0.4 else one(n) for n in range(5)]
            results = await asyncio.gather(*jobs, return_exceptions=True)
            assert not [result for result in results if result is not None], results
        await _settled(db)
        stats = db.stats["primary"]
        assert stats.size <= size
        assert stats.discarded >= 20
        echoes = await asyncio.gather(*[db.unscoped().scalar(_ECHO, n=n, t="") for n in range(200)])
        assert echoes == list(range(200))
        assert await idle_in_transaction(owner) == 0


async def test_a_cancelled_query_ends_on_the_server_and_its_connection_is_replaced(place: Place, owner: Any) -> None:
    """The connection is not used again, and the server does not go on with the query."""
    async with opened(place.app, min_size=1, max_size=1) as db:
        before = await db.unscoped().scalar(_BACKEND)
        task = asyncio.create_task(db.unscoped().first(_SLEEP, s=4, n=1))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await db.unscoped().scalar(_BACKEND) != before
        assert await idle_in_transaction(owner) == 0
        await _settled(db, size=1)


async def test_a_connection_with_an_open_transaction_is_not_kept(place: Place) -> None:
    """Whoever leaves one open costs a connection, never another's correctness."""
    async with opened(place.app, min_size=1, max_size=1) as db:
        pool = _pool(db)
        connection = await pool.acquire()
        await connection.execute("BEGIN")
        pool.release(connection)
        other = await pool.acquire()
        assert other is not connection
        assert connection.is_closed()
        pool.release(other)


async def test_terminated_connections_are_replaced(place: Place, owner: Any) -> None:
    """After `pg_terminate_backend` of all, at most those in use fail, as unavailable, and then all is well."""
    async with opened(place.app, min_size=3, max_size=3) as db:
        await _settled(db, size=3)
        running = asyncio.create_task(db.unscoped().first(_SLEEP, s=2, n=1))
        await asyncio.sleep(0.05)
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = 'central_app' AND datname = current_database()"
        )
        with pytest.raises(UnavailableError) as lost:
            await running
        assert lost.value.code == "database_unavailable"
        await asyncio.sleep(0.05)
        answers = await asyncio.gather(*[db.unscoped().scalar(_ECHO, n=n, t="") for n in range(20)])
        assert answers == list(range(20))
        assert db.stats["primary"].size <= 3


async def test_postgresql_may_stop_and_start(own_server: Server) -> None:
    """While it is away the answer is a quick 503, and afterwards the pool recovers by itself."""
    async with opened(own_server.url(), min_size=2, max_size=4) as db:
        await db.ping()
        await asyncio.to_thread(own_server.stop)
        await asyncio.sleep(0.05)
        for _ in range(20):
            started = time.monotonic()
            with pytest.raises(UnavailableError) as away:
                await db.ping()
            assert away.value.code == "database_unavailable"
            assert away.value.retry_after == 1
            assert time.monotonic() - started < 0.5
            await asyncio.sleep(0.01)
        await asyncio.to_thread(own_server.start)
        await _settled(db, size=2)
        await db.ping()


async def test_starting_without_postgresql_says_so(place: Place) -> None:
    """The reason is the cause."""
    with pytest.raises(UnavailableError) as away:
        await Database("postgresql://x:y@127.0.0.1:1/z").start()
    assert isinstance(away.value.__cause__, OSError)


async def test_a_full_server_does_not_fail_those_who_can_wait(own_server: Server) -> None:
    """Connections that PostgreSQL refuses are done without while there are others."""
    async with opened(own_server.url(), min_size=1, max_size=200, acquire_timeout=5) as db:
        answers = await asyncio.gather(*[db.unscoped().first(_SLEEP, s=0.02, n=n) for n in range(150)])
        assert [row["n"] for row in answers] == list(range(150))


async def test_connections_are_replaced_when_they_are_old(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Idle ones by the sweep, and used ones when they come back."""
    async with opened(place.app, min_size=2, max_size=2, max_lifetime=0.0) as db:
        await _settled(db, size=2)
        pool = _pool(db)
        used = await pool.acquire()
        assert pool._sweep_timer is not None
        pool._sweep_timer.cancel()
        old = list(pool._expiry)
        pool._max_lifetime = 60
        pool._sweep()
        pool.release(used)
        await asyncio.sleep(0.1)
        await _settled(db, size=2)
        assert all(connection.is_closed() for connection in old)


async def test_closing_waits_for_what_runs(place: Place) -> None:
    """A running query finishes, a waiter is refused, and then nothing is open."""
    db = Database(place.app, min_size=1, max_size=1)
    await db.start()
    running = asyncio.create_task(db.unscoped().first(_SLEEP, s=0.2, n=7))
    await asyncio.sleep(0.02)
    waiting = asyncio.create_task(db.ping())
    await asyncio.sleep(0)
    await db.close()
    assert (await running)["n"] == 7
    with pytest.raises(UnavailableError):
        await waiting
    with pytest.raises(UnavailableError):
        await db.ping()
    assert db.stats["primary"].size == 0


async def test_the_session_settings(db: Database) -> None:
    """Limits, schema and time zone are those of the design."""
    names = [
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "search_path",
        "TimeZone",
        "jit",
    ]
    found = [await db.unscoped().scalar(Query[Any](select(func.current_setting(literal(n))))) for n in names]
    assert found == ["5s", "2s", "10s", "central", "UTC", "off"]


async def test_connects_are_not_waited_for_in_line() -> None:
    """Opening one connection does not stop another caller from being served by one that comes back."""
    opening = asyncio.Event()

    class Fake:
        def is_closed(self) -> bool:
            return False

        is_in_transaction = is_closed

        async def close(self, **_: object) -> None:
            pass

        def terminate(self) -> None:
            pass

    made: list[Fake] = []

    async def connect() -> Connection:
        if made:
            await opening.wait()
        made.append(Fake())
        return made[-1]  # type: ignore[return-value]

    pool = Pool(connect, min_size=1, max_size=2)
    await pool.start()
    first = await pool.acquire()
    second = asyncio.create_task(pool.acquire())
    await asyncio.sleep(0.01)
    pool.release(first)
    assert await second is first
    opening.set()
    pool.release(first)
    await asyncio.sleep(0)
    await pool.close()


async def test_a_slow_statement_is_ended_by_the_server(place: Place) -> None:
    """`statement_timeout` is unavailable with a code of its own, and the connection stays."""
    async with opened(place.app, min_size=1, max_size=1) as db:
        connection = await _pool(db).acquire()
        await connection.execute("SET statement_timeout = '50ms'")
        _pool(db).release(connection)
        with pytest.raises(UnavailableError) as slow:
            await db.unscoped().first(Query[Any](text("SELECT pg_sleep(1)")))
        assert slow.value.code == "database_timeout"
        assert db.stats["primary"].idle == 1
        assert db.stats["primary"].discarded == 0
