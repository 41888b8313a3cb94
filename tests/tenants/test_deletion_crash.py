"""The deletion of a large tenant in real worker processes, one of which is killed in the middle."""

from pathlib import Path

import pytest

from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.schedules import PREFIX
from central_server.tenant_deletions.erasures import KEPT
from central_server.tenant_deletions.specs import DELETE_DUE_TENANTS
from support.database import superuser
from support.deleting import left_of, let_rest, make_due
from support.full import full_place
from support.place import Place, Stack
from support.waiting import until
from support.workers import kill, start_worker

EVENTS = 200_000
_SECONDS = 120


async def _grow(place: Place) -> None:
    """Let much have happened in a tenant."""
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO outbox (id, tenant_id, kind, payload, position)"
            " SELECT gen_random_uuid(), $1, 'tests.grown', '{}', nextval('outbox_positions')"
            " FROM generate_series(1, $2)",
            place.tenant.id.uuid,
            EVENTS,
        )


async def _trigger(connection: TemporalConnection) -> None:
    """Let the schedule come round now."""
    handle = (await connection.client()).get_schedule_handle(f"{PREFIX}{DELETE_DUE_TENANTS.name}")

    async def is_there() -> bool:
        try:
            await handle.trigger()
        except Exception:  # noqa: BLE001 (the worker that has just started makes it)
            return False
        return True

    await until(is_there, _SECONDS)


@pytest.mark.endurance
async def test_kill_9_in_the_middle(durable: tuple[Stack, TemporalConnection], folder: Path) -> None:
    """After a worker that is killed while it removes a tenant another one removes the rest, and counts it once."""
    stack, connection = durable
    place = await full_place(stack)
    await _grow(place)
    async with superuser(stack) as connection_to_database:
        # What the workers send meanwhile would be counted.
        await connection_to_database.execute(
            "UPDATE webhook_endpoints SET enabled = false WHERE tenant_id = $1", place.tenant.id.uuid
        )
    before, operator = await left_of(place), await stack.sign_in_operator()
    asked = await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug)
    await make_due(place)

    async def is_in_the_middle() -> bool:
        return (await operator.tenants.get_deletion(deletion=asked.id)).done > EVENTS // 20

    async with await start_worker(stack, folder) as first:
        await _trigger(connection)
        await until(is_in_the_middle, _SECONDS)
        await kill(first)
    left = await operator.tenants.get_deletion(deletion=asked.id)
    assert (left.state, left.stage) == ("deleting", "outbox")
    assert left.done < EVENTS

    async def is_gone() -> bool:
        return (await operator.tenants.get_deletion(deletion=asked.id)).stage == "tenants"

    async def is_over() -> bool:
        return (await operator.tenants.get_deletion(deletion=asked.id)).state == "deleted"

    async with await start_worker(stack, folder):
        await until(is_gone, _SECONDS)
        await let_rest(stack, asked.id)
        await _trigger(connection)
        await until(is_over, _SECONDS)
    assert set(await left_of(place)) == set(KEPT)
    receipt = await operator.tenants.get_deletion(deletion=asked.id)
    removed = {one.kind: one.count for one in receipt.removed}
    # The workers mailed meanwhile what was waiting, and wrote that down.
    assert 1 <= removed.pop("outbox") - before.pop("outbox") < 20
    for waiting in ("email_changes", "event_handovers"):
        before.pop(waiting)
        removed.pop(waiting, None)
    assert removed == {name: count for name, count in before.items() if name not in KEPT}
