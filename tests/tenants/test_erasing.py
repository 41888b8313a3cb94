"""What is removed with a tenant: all that it has, and nothing of anybody else, however often a worker dies at it."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest

from central.errors import CentralError
from central.kernel.ids import TenantDeletionId, TenantId
from central.tenants.events import TenantRenamed
from central.users.models import User
from central_client import AsyncCentral
from central_server.infra.actor import SYSTEM
from central_server.infra.db import Database
from central_server.infra.db.erasing import Erasure
from central_server.infra.outbox import Outbox
from central_server.tenant_deletions import eraser
from central_server.tenant_deletions.eraser import TenantEraser
from central_server.tenant_deletions.erasures import ABSENT, ERASURES, KEPT
from central_server.users.inputs import NewUser
from central_server.users.service import UserService
from support.database import fingerprint, superuser, tenant_tables
from support.deleting import delete_wholly, erase, left_of, let_rest, make_due
from support.full import full_place
from support.place import Place, Stack


async def _asked(place: Place, operator: AsyncCentral) -> TenantDeletionId:
    """Have a tenant deleted, whose time to be restored is over."""
    tenant = await place.owner.tenants.get()
    deletion = await operator.tenants.delete(tenant=tenant.id, confirm=tenant.slug)
    await make_due(place)
    return deletion.id


async def test_every_table_is_somebodys(stack: Stack) -> None:
    """A table with tenants that no domain removes, and that is not said to stay, fails this test."""
    owned = Counter(table.name for erasure in ERASURES for table in erasure.tables)
    async with superuser(stack) as connection:
        tables = set(await tenant_tables(connection))
        assert {*owned, *KEPT, *ABSENT} == tables, "add it to an erasing.py, to KEPT or to ABSENT"
    assert set(owned.values()) == {1}
    assert not owned.keys() & (KEPT.keys() | ABSENT.keys())


async def test_nothing_is_left(stack: Stack) -> None:
    """Of a tenant with rows in every table none is left but its slugs and receipts; another's are as they were."""
    place, other = await full_place(stack), await full_place(stack)
    before, others = await left_of(place), await fingerprint(stack, other.tenant.id)
    assert set(before) == {table.name for erasure in ERASURES for table in erasure.tables} | KEPT.keys() | {
        "tenants",
        "objects",
    }
    receipt = await delete_wholly(place)
    assert set(await left_of(place)) == set(KEPT)
    assert await fingerprint(stack, other.tenant.id) == others
    removed = {one.kind: one.count for one in receipt.removed}
    gone = {name: count for name, count in before.items() if name not in KEPT}
    # The event of the deletion came after the count.
    assert removed == gone | {"outbox": gone["outbox"] + 1}


async def test_no_text_of_it_is_left(stack: Stack) -> None:
    """Neither an address nor a name of its people is in any row of any table, of whomever."""
    place = await full_place(stack)
    await place.owner.users.update_me(display_name="Canary Quillfeather")
    await delete_wholly(place)
    async with superuser(stack) as connection:
        kinds = "('r', 'p', 'm')"
        tables = await connection.fetch(
            f"SELECT relname FROM pg_class WHERE relnamespace = 'central'::regnamespace AND relkind IN {kinds}"
        )
        for canary in (place.domain, "Quillfeather"):
            for (table,) in tables:
                assert await _count(connection, table, canary) == 0, (table, canary)


async def _count(connection: Any, table: str, text: str) -> int:
    found: int = await connection.fetchval(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%' || $1 || '%'", text)
    return found


class _KilledError(BaseException):
    """What a worker dies of in these tests; the real one is in `test_deletion_crash.py`."""


@pytest.mark.parametrize("moment", ["before its commit", "after its commit"])
async def test_it_goes_on_after_a_crash_at_any_batch(
    stack: Stack, operator: AsyncCentral, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Killed at every single batch, before or after its commit, it comes to the same end, and counts each row once."""
    monkeypatch.setattr(eraser, "BATCH", 2)
    place = await full_place(stack)
    before = await left_of(place)
    deletion = await _asked(place, operator)
    survived, whole = set[tuple[str, int]](), TenantEraser._TX_erase

    async def die_once(erasure: Erasure) -> None:
        """Die here, and not again before there is less of the tenant."""
        here = (erasure.name, (await operator.tenants.get_deletion(deletion=deletion)).done)
        if here not in survived:
            survived.add(here)
            raise _KilledError

    async def mortal(self: TenantEraser, row: Any, erasure: Erasure) -> bool:
        if moment == "before its commit":
            await die_once(erasure)
        more = await whole(self, row, erasure)
        if moment == "after its commit":
            await die_once(erasure)
        return more

    monkeypatch.setattr(TenantEraser, "_TX_erase", mortal)
    state: str | None = None
    while state != "deleted":
        with suppress(_KilledError):
            state = await erase(stack, deletion)
            await let_rest(stack, deletion)
    assert len(survived) > 2 * len(ERASURES)
    assert set(await left_of(place)) == set(KEPT)
    receipt = await operator.tenants.get_deletion(deletion=deletion)
    gone = {name: count for name, count in before.items() if name not in KEPT}
    assert {one.kind: one.count for one in receipt.removed} == gone | {"outbox": gone["outbox"] + 1}


async def test_two_workers_count_once(stack: Stack, operator: AsyncCentral, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of workers that have the same deletion, because one was taken for dead, none counts what another removed."""
    monkeypatch.setattr(eraser, "BATCH", 2)
    place = await full_place(stack)
    before = await left_of(place)
    deletion = await _asked(place, operator)
    assert set(await asyncio.gather(*(erase(stack, deletion) for _ in range(4)))) == {"deleting"}
    receipt = await operator.tenants.get_deletion(deletion=deletion)
    removed = {one.kind: one.count for one in receipt.removed}
    assert (removed["users"], removed["tenants"]) == (before["users"], 1)
    assert removed["outbox"] == before["outbox"] + 1


async def test_batches_are_bounded(stack: Stack, operator: AsyncCentral, monkeypatch: pytest.MonkeyPatch) -> None:
    """No transaction removes more than a batch, and it beats after each that was full."""
    monkeypatch.setattr(eraser, "BATCH", 3)
    place = await full_place(stack)
    for _ in range(4):
        await place.user()
    deletion, sizes, beats = await _asked(place, operator), list[int](), 0
    advance = eraser._sum

    def measured(before: Any, gone: Any) -> dict[str, int]:
        if "objects" not in gone:
            sizes.append(next(iter(gone.values())))
        return advance(before, gone)

    monkeypatch.setattr(eraser, "_sum", measured)

    def beat() -> None:
        nonlocal beats
        beats += 1

    await (await stack.central.container.get(TenantEraser)).run(deletion, beat)
    assert max(sizes) == 3
    assert beats == sizes.count(3) > 2


async def test_what_was_under_way_leaves_nothing(stack: Stack, operator: AsyncCentral) -> None:
    """An event that is written when the tenant's row has gone is found by the second look, a while later."""
    place = await full_place(stack)
    deletion = await _asked(place, operator)
    assert await erase(stack, deletion) == "deleting"
    await _write_event(stack, place.tenant.id)
    assert "outbox" in await left_of(place)
    due = await (await stack.central.container.get(TenantEraser)).TX_list_due(1000)
    assert deletion not in {one["id"] for one in due}
    await let_rest(stack, deletion)
    due = await (await stack.central.container.get(TenantEraser)).TX_list_due(1000)
    assert (deletion, True) in {(one["id"], one["is_gone"]) for one in due}
    assert await erase(stack, deletion) == "deleted"
    assert set(await left_of(place)) == set(KEPT)
    assert await erase(stack, deletion) is None


async def _write_event(stack: Stack, tenant: TenantId) -> None:
    db, outbox = await stack.central.container.get(Database), await stack.central.container.get(Outbox)
    async with db.write(tenant) as tx:
        await outbox.add(TenantRenamed(tenant_id=tenant), SYSTEM, tx)


async def test_what_comes_behind_its_stage_is_removed_and_counted(
    stack: Stack, operator: AsyncCentral, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user who is made when the users have gone, and stands in the way of the roles, is in the receipt as others."""
    place = await full_place(stack)
    before = await left_of(place)
    deletion = await _asked(place, operator)
    users, db = await stack.central.container.get(UserService), await stack.central.container.get(Database)
    whole, late = TenantEraser._TX_erase, list[User]()

    async def followed(self: TenantEraser, row: Any, erasure: Erasure) -> bool:
        more = await whole(self, row, erasure)
        if erasure.name == "users" and not more and not late:
            async with db.write(place.tenant.id) as tx:
                new = NewUser(email="late@late.example")
                late.append(await users.create_user(place.tenant.id, new, SYSTEM, tx))
        return more

    monkeypatch.setattr(TenantEraser, "_TX_erase", followed)
    assert await erase(stack, deletion) == "deleting"
    assert late
    assert set(await left_of(place)) == set(KEPT)
    receipt = await operator.tenants.get_deletion(deletion=deletion)
    assert {one.kind: one.count for one in receipt.removed}["users"] == before["users"] + 1


async def test_users_that_are_created_meanwhile_go_too(stack: Stack, operator: AsyncCentral) -> None:
    """Requests that were let in before, and commit while the tenant goes, leave no user, and no fault of ours."""
    place = await full_place(stack)
    deletion = await _asked(place, operator)
    users, db = await stack.central.container.get(UserService), await stack.central.container.get(Database)

    async def create(number: int) -> None:
        await asyncio.sleep(number * 0.003)
        async with db.write(place.tenant.id) as tx:
            await users.create_user(place.tenant.id, NewUser(email=f"late{number}@late.example"), SYSTEM, tx)

    results = await asyncio.gather(
        erase(stack, deletion), *(create(number) for number in range(60)), return_exceptions=True
    )
    made = [result for result in results if result is None]
    refused = [result for result in results if isinstance(result, Exception)]
    assert made
    assert all(isinstance(error, CentralError) and error.status < 500 for error in refused), refused
    await let_rest(stack, deletion)
    await erase(stack, deletion)
    assert set(await left_of(place)) == set(KEPT)


async def test_not_before_its_time(place: Place, operator: AsyncCentral) -> None:
    """A worker that is told too early, or of what was restored, removes nothing."""
    tenant = place.tenant
    deletion = await operator.tenants.delete(tenant=tenant.id, confirm=tenant.slug)
    due = await (await place.stack.central.container.get(TenantEraser)).TX_list_due(1000)
    assert deletion.id not in {one["id"] for one in due}
    assert await erase(place.stack, deletion.id) is None
    await operator.tenants.restore(tenant=tenant.id)
    async with superuser(place.stack) as connection:
        passed = "UPDATE tenant_deletions SET delete_after = now() - interval '1 second' WHERE id = $1"
        await connection.execute(passed, deletion.id.uuid)
    assert await erase(place.stack, deletion.id) is None
    assert (await place.owner.users.me()).id == place.owner_user.id
