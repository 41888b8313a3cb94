"""For how long events are kept: who says so, what goes, and what stays."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from central.errors import ForbiddenError, NotFoundError, ValidationFailedError
from central_client import AsyncCentral
from central_server.events.activities.delete_old_events import DeleteOldEventsActivity
from central_server.events.queries import DELETE_OLD
from central_server.infra.upkeep.specs import DeleteEndedInput
from support.database import superuser
from support.feed import put_into_feed
from support.place import Place
from support.sessions import grow_stale


async def age_events(place: Place, by: timedelta, where: str = "true") -> None:
    """Let a tenant's events be so much older."""
    async with superuser(place.stack) as connection:
        aged = f"UPDATE outbox SET created_at = created_at - $2::interval WHERE tenant_id = $1 AND {where}"
        await connection.execute(aged, place.tenant.id.uuid, by)


async def settle(place: Place) -> None:
    """Let all of a tenant's events be in the feed, and done."""
    await put_into_feed(place)
    async with superuser(place.stack) as connection:
        await connection.execute("UPDATE event_handovers SET state = 'done' WHERE tenant_id = $1", place.tenant.id.uuid)


async def clean_up(place: Place) -> int:
    """Run the clean-up, and give how many went, of all tenants."""
    activity = await place.stack.central.container.get(DeleteOldEventsActivity)
    return (await ActivityEnvironment().run(activity.delete, DeleteEndedInput())).deleted


async def ids(place: Place) -> list[str]:
    """Name a tenant's events, the newest first."""
    return [event.id async for event in place.owner.events.list(limit=200)]


async def test_it_is_said_and_told(place: Place, owner: AsyncCentral, admin: AsyncCentral) -> None:
    """Events are kept for ever until somebody says for how long; a change is an event, saying the same is none."""
    assert (await admin.events.get_retention()).days is None
    for days in (30, 30, 365, None, None):
        assert (await owner.events.set_retention(days=days)).days == days
        assert (await admin.events.get_retention()).days == days
    kind = "tenant.event_retention_changed"
    told = [(event.before, event.after) async for event in owner.events.list(kind=[kind])]
    assert told == [(365, None), (30, 365), (None, 30)]


async def test_who_may_say_it(
    place: Place, owner: AsyncCentral, admin: AsyncCentral, member: AsyncCentral, other_tenant: AsyncCentral
) -> None:
    """It takes an owner who has signed in within ten minutes, and at least 30 days; no other tenant's is seen."""
    for client in (admin, member):
        with pytest.raises(ForbiddenError) as refusal:
            await client.events.set_retention(days=30)
        assert refusal.value.code == "permission_missing"
    for days in (29, 0, -1, 36_501, 2**31):
        with pytest.raises(ValidationFailedError):
            await owner.events.set_retention(days=days)
    await owner.events.set_retention(days=40)
    assert (await other_tenant.events.get_retention()).days is None
    await grow_stale(place, place.owner_user.id)
    with pytest.raises(ForbiddenError) as refusal:
        await owner.events.set_retention(days=30)
    assert refusal.value.code == "reauthentication_required"


async def test_what_is_older_goes(place: Place, other_place: Place) -> None:
    """What is older than a tenant keeps it is deleted, in batches; what is younger, and every other tenant's, stays."""
    for _ in range(3):
        await place.user()
    await settle(place)
    await settle(other_place)
    await age_events(place, timedelta(days=30, minutes=1))
    await age_events(other_place, timedelta(days=1000))
    kept = await ids(other_place)
    await place.owner.events.set_retention(days=30)
    young = await place.user()
    await clean_up(place)
    left = [event async for event in place.owner.events.list()]
    assert [event.kind for event in left][:1] == ["user.created"]
    assert left[0].target == young.id
    assert "tenant.event_retention_changed" in [event.kind for event in left]
    assert len(left) == 2
    assert await ids(other_place) == kept
    await place.owner.events.set_retention(days=None)
    await settle(place)
    await age_events(place, timedelta(days=20_000))
    await clean_up(place)
    assert len(await ids(place)) == 3


async def test_what_is_not_done_stays(place: Place) -> None:
    """What waits for its place in the feed, or its effects, and dead letters stay, however old they are."""
    await place.owner.events.set_retention(days=30)
    users = [await place.user() for _ in range(4)]
    await settle(place)
    await age_events(place, timedelta(days=50))
    unplaced, *others = users
    event = "SELECT id FROM outbox WHERE tenant_id = $1 AND target = $2"
    async with superuser(place.stack) as connection:
        tenant = place.tenant.id.uuid
        await connection.execute(f"UPDATE outbox SET position = NULL WHERE id = ({event})", tenant, str(unplaced.id))
        for user, state in zip(others, ("pending", "handed", "dead"), strict=True):
            await connection.execute(
                "INSERT INTO event_handovers (tenant_id, event_id, listener, state, give_up_at)"
                f" VALUES ($1, ({event}), 'tests', $3, now())",
                tenant,
                str(user.id),
                state,
            )
    await clean_up(place)
    left = [event.target async for event in place.owner.events.list()]
    assert sorted(left, key=str) == sorted([user.id for user in users])


async def test_readers_keep_their_place(place: Place) -> None:
    """A consumer goes on behind what it has read, also when that was deleted; another reader finds its event gone."""
    await place.user()
    await settle(place)
    read = await place.owner.events.read(limit=500)
    assert read.last is not None
    await place.owner.events.acknowledge(consumer="mirror", event=read.last)
    await age_events(place, timedelta(days=50))
    await place.owner.events.set_retention(days=30)
    await clean_up(place)
    later = await place.user()
    await put_into_feed(place)
    news = (await place.owner.events.read(consumer="mirror")).events
    assert [event.kind for event in news] == ["tenant.event_retention_changed", "user.created"]
    assert news[-1].target == later.id
    with pytest.raises(NotFoundError):
        await place.owner.events.read(after=read.last)


async def test_many_go_while_others_are_written(place: Place) -> None:
    """More than a batch goes, by two runs at once, while the tenant goes on; each is deleted once."""
    await place.owner.events.set_retention(days=30)
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO outbox (id, tenant_id, kind, payload, position, created_at)"
            " SELECT gen_random_uuid(), $1, 'user.created', '{}', nextval('central.outbox_positions'),"
            " now() - interval '31 days' FROM generate_series(1, 1200)",
            place.tenant.id.uuid,
        )

    async def write() -> None:
        for _ in range(10):
            await place.user()

    first, second, _ = await asyncio.gather(clean_up(place), clean_up(place), write())
    rest = await clean_up(place)
    assert first + second + rest >= 1200
    async with superuser(place.stack) as connection:
        old = "SELECT count(*) FROM outbox WHERE tenant_id = $1 AND created_at < now() - interval '30 days'"
        assert await connection.fetchval(old, place.tenant.id.uuid) == 0
    assert len(await ids(place)) >= 10


async def test_a_batch_reads_no_table(place: Place) -> None:
    """Old events are found by the index on their time, tenant by tenant, and deleted by their place."""
    plan = DELETE_OLD.plan
    async with superuser(place.stack) as connection:
        await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off")
        lines = await connection.fetch(f"EXPLAIN {plan.text}", *plan.arguments({"count": 500}, None))
    text = "\n".join(line[0] for line in lines)
    assert "Index Scan using ix_outbox_created_at" in text, text
    assert "Tid Scan" in text
    assert "Seq Scan on outbox" not in text
