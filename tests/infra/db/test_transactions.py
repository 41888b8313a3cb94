# ruff: noqa: PT012 (a block is what raises here: its end is what is tested)
"""Transactions, savepoints and units: whose rows they see, and that nothing is left behind."""

import asyncio
import random
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from db_support import LINKS, NOTES, Place, idle_in_transaction, opened
from sqlalchemy import Integer, Text, bindparam, delete, func, insert, literal, select, text, update
from structlog.testing import CapturingLogger

from central.errors import ConflictError, UnavailableError
from central.kernel.ids import TenantId
from central_server.infra.db import Database, Query, WriteExecutor, database, tenant_scope

_TITLES = Query[Any](select(NOTES.c.tenant_id, NOTES.c.title).order_by(NOTES.c.title))
_COUNT = Query[Any](select(func.count()).select_from(NOTES))
_SETTING = Query[Any](select(func.current_setting("central.tenant", literal(value=True))))
_scope = tenant_scope()
_ADD = Query[Any](
    insert(NOTES)
    .from_select(["tenant_id", "title"], select(_scope.c.tenant, bindparam("title", type_=Text)))
    .returning(NOTES.c.tenant_id, NOTES.c.title)
)
_RENAME = Query[Any](update(NOTES).where(NOTES.c.title == bindparam("old")).values(title=bindparam("new", type_=Text)))
_SLEEP = Query[Any](select(func.pg_sleep(bindparam("s"))))


@pytest.fixture
def tenant() -> TenantId:
    return TenantId.new()


@pytest.fixture
def other() -> TenantId:
    return TenantId.new()


async def titles(db: Database, tenant: TenantId) -> list[str]:
    return [row["title"] for row in await db.read(tenant).all(_TITLES)]


async def test_insert_in_one_round_trip(db: Database, tenant: TenantId, other: TenantId) -> None:
    """The row takes the tenant from the scope, and no other tenant sees it."""
    row = await db.autocommit(tenant).first(_ADD, title="one")
    assert dict(row) == {"tenant_id": tenant, "title": "one"}
    assert await db.autocommit(tenant).execute(_ADD, title="two") == 1
    assert await titles(db, tenant) == ["one", "two"]
    assert await titles(db, other) == []
    assert await db.autocommit(tenant).scalar(_COUNT) == 2
    assert await db.unscoped().scalar(_COUNT) == 0
    assert await db.unscoped().scalar(_SETTING) in {"", None}


async def test_autocommit_refuses_what_it_could_not_scope(db: Database, tenant: TenantId) -> None:
    """UPDATE and DELETE search before the tenant is set: they would find nothing."""
    for statement in (update(NOTES).values(rank=1), delete(NOTES)):
        with pytest.raises(TypeError, match="tenant_scope"):
            await db.autocommit(tenant).execute(Query[Any](statement))
    with pytest.raises(TypeError, match="SELECT"):
        await db.read(tenant).all(Query[Any](delete(NOTES).returning(NOTES.c.id)))


async def test_a_write_commits_or_is_rolled_back(db: Database, tenant: TenantId, owner: Any) -> None:
    """The block's end decides."""
    async with db.write(tenant) as writer:
        assert writer.tenant == tenant
        assert await writer.execute(_ADD, title="kept") == 1
        assert await writer.execute(_RENAME, old="kept", new="renamed") == 1
        assert await writer.execute(_RENAME, old="absent", new="x") == 0
        await writer.execute_many(_ADD, [{"title": f"many {n}"} for n in range(3)])
    with pytest.raises(ZeroDivisionError):
        async with db.write(tenant) as writer:
            await writer.execute(_ADD, title="lost")
            raise ZeroDivisionError
    assert await titles(db, tenant) == ["many 0", "many 1", "many 2", "renamed"]
    await db.autocommit(tenant).execute_many(_ADD, [{"title": "z"}])
    with pytest.raises(ConflictError):
        await db.autocommit(tenant).execute_many(_ADD, [{"title": "y"}, {"title": "z"}])
    assert (await titles(db, tenant))[-1] == "z"
    assert await idle_in_transaction(owner) == 0


async def test_an_executor_ends_with_its_transaction(db: Database, tenant: TenantId) -> None:
    """Using one afterwards never reaches a connection that somebody else has by then."""
    async with db.write(tenant) as writer, writer.savepoint() as part:
        await part.scalar(_COUNT)
        await writer.scalar(_COUNT)
    for ended in (writer, part):
        with pytest.raises(RuntimeError, match="ended"):
            await ended.scalar(_COUNT)


async def test_savepoints_undo_their_part(db: Database, tenant: TenantId) -> None:
    """An error inside is over after the block; the rest of the transaction goes on."""
    async with db.write(tenant) as writer:
        await writer.execute(_ADD, title="a")
        with pytest.raises(ConflictError):
            async with writer.savepoint() as part:
                await part.execute(_ADD, title="b")
                async with part.savepoint() as inner:
                    await inner.execute(_ADD, title="a")
        async with writer.savepoint() as part:
            await part.execute(_ADD, title="c")
        await writer.execute(_ADD, title="d")
    assert await titles(db, tenant) == ["a", "c", "d"]


async def test_a_swallowed_error_is_not_taken_for_a_commit(db: Database, tenant: TenantId) -> None:
    """PostgreSQL answers COMMIT with ROLLBACK then; that must not pass for success."""
    with pytest.raises(RuntimeError, match="nothing was committed"):
        async with db.write(tenant) as writer:
            await writer.execute(_ADD, title="a")
            with pytest.raises(ConflictError):
                await writer.execute(_ADD, title="a")
    assert await titles(db, tenant) == []


async def test_a_commit_goes_through_though_its_request_is_cancelled(
    place: Place, tenant: TenantId, owner: Any
) -> None:
    """Cancelled in the middle of COMMIT, the transaction is committed and the connection kept."""
    await owner.execute("""
        CREATE OR REPLACE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON links DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION slowly()""")
    try:
        async with opened(place.app, min_size=1, max_size=1) as db:

            async def work() -> None:
                async with db.write(tenant) as writer:
                    await writer.execute(Query[Any](insert(LINKS).values(tenant_id=tenant, id=1)))

            task = asyncio.create_task(work())
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            count = Query[Any](select(func.count()).select_from(LINKS))
            assert await db.read(tenant).scalar(count) == 1
            assert db.stats["primary"].discarded == 0
    finally:
        await owner.execute("DROP TRIGGER slow ON links; DROP FUNCTION slowly")


async def test_a_timeout_inside_a_transaction_ends_it(db: Database, tenant: TenantId, owner: Any) -> None:
    """A caller that catches its own time-out cannot go on in a transaction whose state is unknown."""
    with pytest.raises(RuntimeError):
        async with db.write(tenant) as writer:
            await writer.execute(_ADD, title="a")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05), writer.savepoint() as part:
                    await part.first(_SLEEP, s=3)
            await writer.scalar(_COUNT)
    assert await titles(db, tenant) == []
    assert await idle_in_transaction(owner) == 0


async def test_a_cancelled_statement_ends_its_transaction(db: Database, tenant: TenantId) -> None:
    """Without a savepoint, too; the connection is closed, not given back."""
    before = db.stats["primary"].discarded
    with pytest.raises(RuntimeError, match="cancelled in part"):
        async with db.write(tenant) as writer:
            await writer.execute(_ADD, title="a")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await writer.first(_SLEEP, s=3)
    assert db.stats["primary"].discarded == before + 1
    assert await titles(db, tenant) == []


async def test_a_part_left_by_cancellation_ends_its_unit(db: Database, tenant: TenantId, other: TenantId) -> None:
    """Its tenant would still be set: nothing more is done, and nothing is committed."""
    async with db.unit(tenant) as unit:
        await db.autocommit(tenant, unit).execute(_ADD, title="a")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), db.write(other, unit):
                await asyncio.sleep(3)
        with pytest.raises(RuntimeError):
            await db.autocommit(tenant, unit).scalar(_SETTING)
        with pytest.raises(RuntimeError):
            await unit.commit()
    assert await titles(db, tenant) == []


async def test_platform_access_sees_all_and_is_logged(db: Database, tenant: TenantId, other: TenantId) -> None:
    """The role holds for the transaction alone; reading cannot write."""
    for one in (tenant, other):
        await db.autocommit(one).first(_ADD, title="x")
    mine = {tenant, other}
    logger = CapturingLogger()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_log", logger)
        async with db.platform_read("test") as reader:
            assert mine <= {row["tenant_id"] for row in await reader.all(_TITLES)}
    assert [tuple(call) for call in logger.calls] == [
        ("info", ("platform access",), {"reason": "test", "mode": "read"})
    ]
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with db.platform_read("test") as reader:
            await reader.first(Query[Any](insert(NOTES).values(tenant_id=tenant, title="y")))
    async with db.platform_write("test") as writer:
        assert await writer.execute(Query[Any](update(NOTES).where(NOTES.c.tenant_id == other).values(rank=9))) == 1
    assert await db.unscoped().scalar(_COUNT) == 0
    assert await db.unscoped().scalar(Query[Any](select(func.current_user()))) == "central_app"


async def test_a_unit_is_lazy_and_joined(db: Database, tenant: TenantId, other: TenantId) -> None:
    """Writes join it, each with its own tenant; nothing happens before the first."""
    seen: list[str] = []

    async def claim(executor: WriteExecutor) -> None:
        seen.append(await executor.scalar(_SETTING))
        await executor.execute(_ADD, title="claim")

    async def answer(executor: WriteExecutor) -> None:
        assert executor.tenant == tenant
        await executor.execute(_RENAME, old="claim", new="answered")

    async with db.unit(tenant, claim) as unit:
        assert not unit.started
        async with db.write(other, unit) as writer:
            assert unit.started
            await writer.execute(_ADD, title="theirs")
            async with db.write(tenant, unit) as inner:
                await inner.execute(_ADD, title="mine")
                with pytest.raises(RuntimeError, match="another tenant"):
                    await writer.scalar(_COUNT)
            assert [row["title"] for row in await writer.all(_TITLES)] == ["theirs"]
        assert await db.autocommit(other, unit).execute(_ADD, title="theirs too") == 1
        assert await db.autocommit(other, unit).execute(_RENAME, old="theirs too", new="theirs also") == 1
        async with db.platform_write("test", unit) as platform:
            assert len([r for r in await platform.all(_TITLES) if r["tenant_id"] in {tenant, other}]) == 4
        assert await titles(db, other) == []
        await unit.commit(answer)
    assert seen == [str(tenant.uuid)]
    assert await titles(db, tenant) == ["answered", "mine"]
    assert await titles(db, other) == ["theirs", "theirs also"]
    with pytest.raises(RuntimeError, match="ended"):
        async with db.write(tenant, unit):
            pass


async def test_a_unit_goes_on_after_a_part_failed(db: Database, tenant: TenantId, other: TenantId) -> None:
    """The part's savepoint is undone, with its tenant, and the answer can still be stored."""
    async with db.unit(tenant) as unit:
        async with db.write(tenant, unit) as writer:
            await writer.execute(_ADD, title="a")
        with pytest.raises(ConflictError):
            async with db.write(other, unit) as writer:
                await writer.execute(_ADD, title="x")
                await writer.execute(_ADD, title="x")
        with pytest.raises(ConflictError):
            await db.autocommit(tenant, unit).execute(_ADD, title="a")
        await unit.commit()
    assert await titles(db, tenant) == ["a"]
    assert await titles(db, other) == []


async def test_a_unit_that_is_left_is_rolled_back(db: Database, tenant: TenantId, owner: Any) -> None:
    """Without a commit, with an error, and when `on_begin` refuses."""

    async def refuse(executor: WriteExecutor) -> None:
        await executor.execute(_ADD, title="claim")
        raise ConflictError("taken")

    async with db.unit(tenant) as unit:
        await db.autocommit(tenant, unit).execute(_ADD, title="a")
    with pytest.raises(ConflictError):
        async with db.unit(tenant, refuse) as unit:
            await db.autocommit(tenant, unit).execute(_ADD, title="a")
    with pytest.raises(ZeroDivisionError):
        async with db.unit(tenant) as unit:
            await db.autocommit(tenant, unit).execute(_ADD, title="a")
            raise ZeroDivisionError
    assert await titles(db, tenant) == []
    assert await idle_in_transaction(owner) == 0


async def test_committing_a_unit_that_did_nothing(db: Database, tenant: TenantId) -> None:
    """Nothing happens, unless there is something to do before the commit."""
    async with db.unit(tenant) as unit:
        await unit.commit()
        assert not unit.started

    async def answer(executor: WriteExecutor) -> None:
        await executor.execute(_ADD, title="answer")

    async with db.unit(tenant) as unit:
        await unit.commit(answer)
        assert unit.started
    assert await titles(db, tenant) == ["answer"]


@pytest.mark.parametrize("size", [1, 2])
async def test_no_tenant_bleeds_into_another(  # noqa: C901 (one small function per kind of work)
    place: Place, owner: Any, size: int
) -> None:
    """5,000 interleaved units of work for each pool size, with rollbacks and cancels: 0 foreign rows, 0 missing."""
    rng = random.Random(size)
    async with opened(place.app, min_size=size, max_size=size, acquire_timeout=30, max_waiting=10000) as db:
        tenants = [TenantId.new(), TenantId.new()]
        for tenant in tenants:
            for n in range(3):
                await db.autocommit(tenant).first(_ADD, title=f"{tenant} {n}")

        def check(tenant: TenantId, rows: list[Any]) -> None:
            assert [row["title"] for row in rows] == [f"{tenant} {n}" for n in range(3)]
            assert {row["tenant_id"] for row in rows} == {tenant}

        async def read(tenant: TenantId) -> None:
            check(tenant, await db.read(tenant).all(_TITLES))

        async def nothing(_: TenantId) -> None:
            assert await db.unscoped().all(_TITLES) == []

        async def roll_back(tenant: TenantId) -> None:
            with pytest.raises(ZeroDivisionError):
                async with db.write(tenant) as writer:
                    await writer.execute(_ADD, title="zzz")
                    raise ZeroDivisionError

        async def commit(tenant: TenantId) -> None:
            async with db.write(tenant) as writer:
                check(tenant, await writer.all(_TITLES))

        async def unit(tenant: TenantId) -> None:
            async with db.unit(tenants[0]) as joined:
                async with db.write(tenant, joined) as writer:
                    check(tenant, await writer.all(_TITLES))
                await joined.commit()

        async def cancel(tenant: TenantId) -> None:
            task = asyncio.create_task(rng.choice([read, commit, unit])(tenant))
            await asyncio.sleep(rng.random() * 0.003)
            task.cancel()
            results = await asyncio.gather(task, return_exceptions=True)
            assert results[0] is None or isinstance(results[0], asyncio.CancelledError)

        kinds = [read] * 30 + [nothing] * 8 + [roll_back] * 3 + [commit] * 5 + [unit] * 2 + [cancel] * 2
        for _ in range(100):
            await asyncio.gather(*[rng.choice(kinds)(rng.choice(tenants)) for _ in range(50)])
        assert await idle_in_transaction(owner) == 0


async def test_locks_are_not_waited_for_long(place: Place, tenant: TenantId) -> None:
    """A lock that does not come is unavailable, to be tried again; so is a deadlock."""
    async with opened(place.app, min_size=2, max_size=2) as db:
        await db.autocommit(tenant).first(_ADD, title="a")
        async with db.write(tenant) as first:
            await first.execute(_RENAME, old="a", new="b")
            with pytest.raises(UnavailableError) as contended:
                async with db.write(tenant) as second:
                    await second.first(Query[Any](text("SET LOCAL lock_timeout = '50ms'")))
                    await second.execute(_RENAME, old="a", new="c")
            assert contended.value.code == "try_again"
            assert contended.value.retry_after == 1


async def test_foreign_keys_stay_in_the_tenant(db: Database, tenant: TenantId, other: TenantId) -> None:
    """Foreign key checks pass by row-level security, so the key has the tenant in it."""
    link = Query[Any](
        insert(LINKS).values(tenant_id=bindparam("t"), id=bindparam("n", type_=Integer), note_id=bindparam("note_id"))
    )
    note = Query[Any](select(NOTES.c.id))
    await db.autocommit(tenant).first(_ADD, title="a")
    theirs = await db.read(tenant).scalar(note)
    for note_id in (theirs, uuid4()):
        with pytest.raises(ConflictError):
            async with db.write(other) as writer:
                await writer.execute(link, t=other, n=1, note_id=note_id)
