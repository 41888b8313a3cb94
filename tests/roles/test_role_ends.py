"""The end of a role that was given for a time is told: once, and only if it was not moved meanwhile."""

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio.testing import ActivityEnvironment

from central.kernel.ids import UserId
from central_client import AsyncCentral
from central_server.users.activities.end_roles import EndRolesActivity
from central_server.users.queries.ended import LIST_ENDED_ROLES
from central_server.users.role_ends import RoleEnds
from central_server.users.specs import EndRolesInput, EndRolesOutput
from support.database import holds_up, superuser
from support.inviting import told
from support.place import Place, Stack
from support.signing_in import run_sql
from support.waiting import until

_END = "UPDATE user_roles SET expires_at = now() + $2::interval WHERE user_id = $1 AND role = 'admin'"


async def _end_roles(stack: Stack) -> EndRolesOutput:
    activity = await stack.central.container.get(EndRolesActivity)
    return await ActivityEnvironment().run(activity.tell, EndRolesInput())


async def _given_for_a_time(place: Place, ends_in: timedelta) -> UserId:
    """Make somebody an administrator until then."""
    user = await place.user()
    await place.owner.roles.grant(user=user.id, role="admin", expires_at=datetime.now(UTC) + timedelta(hours=1))
    await run_sql(place, _END, user.id.uuid, ends_in)
    return user.id


async def test_what_has_ended_is_told_once(place: Place) -> None:
    """Many looks at once tell of each role once, with its id, by nobody; the grant goes, other roles stay."""
    gone = [await _given_for_a_time(place, timedelta(0)) for _ in range(20)]
    later = await _given_for_a_time(place, timedelta(seconds=30))
    await asyncio.gather(*(_end_roles(place.stack) for _ in range(8)))
    assert (await _end_roles(place.stack)).is_last
    events = await told(place, "user.role.ended")
    assert sorted(event["userId"] for event in events) == sorted(gone)
    roles = {role.slug: role.id async for role in place.owner.roles.list()}
    assert {(event["roleId"], event["actor"]) for event in events} == {(roles["admin"], None)}
    assert [g.role async for g in place.owner.roles.list_grants(user=gone[0])] == ["member"]
    assert [g.role async for g in place.owner.roles.list_grants(user=later)] == ["admin", "member"]
    async with superuser(place.stack) as connection:
        held = await connection.fetch("SELECT role FROM user_roles WHERE user_id = $1", gone[0].uuid)
    assert [row["role"] for row in held] == ["member"]


async def test_it_is_told_again_after_being_given_again(owner: AsyncCentral, place: Place) -> None:
    """A role that is given for a second time ends for a second time."""
    user = await _given_for_a_time(place, timedelta(0))
    await _end_roles(place.stack)
    await owner.roles.grant(user=user, role="admin", expires_at=datetime.now(UTC) + timedelta(hours=1))
    await _end_roles(place.stack)
    assert len(await told(place, "user.role.ended")) == 1
    await run_sql(place, _END, user.uuid, timedelta(0))
    await _end_roles(place.stack)
    assert len(await told(place, "user.role.ended")) == 2


async def test_an_end_that_is_moved_meanwhile_is_not_told(place: Place) -> None:
    """Whoever waits for a change of the grant sees the new end, keeps the role, and tells nothing."""
    user = await _given_for_a_time(place, timedelta(0))
    ends = await place.stack.central.container.get(RoleEnds)
    (due,) = [due for due in await ends.TX_list_due(1000) if due["user_id"] == user]
    async with superuser(place.stack) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(_END, user.uuid, timedelta(days=1))
        ending = asyncio.create_task(ends.TX_end(due))
        await until(lambda: holds_up(connection))
        await transaction.commit()
    assert not await ending
    assert await told(place, "user.role.ended") == []
    assert [g.role async for g in place.owner.roles.list_grants(user=user)] == ["admin", "member"]


async def test_a_role_that_was_taken_is_not_told_to_have_ended(owner: AsyncCentral, place: Place) -> None:
    """Taken before its end, it is told to be taken, and no more."""
    user = await _given_for_a_time(place, timedelta(hours=1))
    await owner.roles.revoke(user=user, role="admin")
    await _end_roles(place.stack)
    assert await told(place, "user.role.ended") == []


async def test_looking_reads_no_table(stack: Stack) -> None:
    """What is due is found by an index on the end."""
    plan = LIST_ENDED_ROLES.plan
    async with superuser(stack) as connection:
        await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off")
        lines = await connection.fetch(f"EXPLAIN {plan.text}", *plan.arguments({"count": 200}, None))
    text = "\n".join(line[0] for line in lines)
    assert "Index Scan using ix_user_roles_ending" in text, text
    assert "Sort" not in text
