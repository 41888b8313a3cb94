"""That an invitation has run out is told: once for each time that it does."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from central.errors import GoneError
from central_client import AsyncCentral
from central_server.invitations.activities.expire_invitations import ExpireInvitationsActivity
from central_server.invitations.expiry import InvitationExpiry
from central_server.invitations.queries import LIST_RUN_OUT
from central_server.invitations.specs import ExpireInvitationsInput, ExpireInvitationsOutput
from support.database import holds_up, superuser
from support.inviting import Invited, invite, told
from support.place import Place, Stack
from support.signing_in import run_sql
from support.waiting import until

_RUN_OUT = "UPDATE invitations SET expires_at = now() + $2::interval WHERE id = $1"


async def _expire(stack: Stack) -> ExpireInvitationsOutput:
    activity = await stack.central.container.get(ExpireInvitationsActivity)
    return await ActivityEnvironment().run(activity.tell, ExpireInvitationsInput())


async def _invited(place: Place, email: str, ends_in: timedelta = timedelta(0)) -> Invited:
    invited = await invite(place, email)
    await run_sql(place, _RUN_OUT, invited.id.uuid, ends_in)
    return invited


async def test_what_has_run_out_is_told_once(place: Place) -> None:
    """Many looks at once tell of each invitation once, by nobody; those that still hold are left alone."""
    gone = [await _invited(place, f"n{number}@example.com") for number in range(20)]
    later = await _invited(place, "later@example.com", timedelta(seconds=30))
    await asyncio.gather(*(_expire(place.stack) for _ in range(8)))
    assert (await _expire(place.stack)).is_last
    events = await told(place, "invitation.expired")
    assert sorted(event["invitationId"] for event in events) == sorted(invited.id for invited in gone)
    assert {event["actor"] for event in events} == {None}
    assert (await place.anonymous().invitations.get_public(token=later.token)).expires_at
    with pytest.raises(GoneError) as refusal:
        await place.anonymous().invitations.accept(token=gone[0].token)
    assert refusal.value.code == "invitation_expired"


async def test_it_can_be_sent_again_and_run_out_again(owner: AsyncCentral, place: Place) -> None:
    """After it was told an invitation may still be sent again; when it runs out anew, that is told."""
    invited = await _invited(place, "ada@example.com")
    await _expire(place.stack)
    assert (await owner.invitations.get(invitation=invited.id)).state == "expired"
    await run_sql(place, "UPDATE invitations SET last_requested_at = NULL WHERE id = $1", invited.id.uuid)
    assert (await owner.invitations.resend(invitation=invited.id)).state == "pending"
    await _expire(place.stack)
    assert len(await told(place, "invitation.expired")) == 1
    await run_sql(place, _RUN_OUT, invited.id.uuid, timedelta(0))
    await _expire(place.stack)
    assert len(await told(place, "invitation.expired")) == 2


@pytest.mark.parametrize("told_first", [True, False])
async def test_making_room_tells_it_if_nobody_did(owner: AsyncCentral, place: Place, *, told_first: bool) -> None:
    """Whether the clock or a new invitation comes first, it is told once that the old one ran out."""
    old = await _invited(place, "ada@example.com")
    if told_first:
        await _expire(place.stack)
    assert (await owner.invitations.create(email="ada@example.com")).created
    await _expire(place.stack)
    assert [event["invitationId"] for event in await told(place, "invitation.expired")] == [old.id]


async def test_one_that_is_sent_again_meanwhile_is_not_told(place: Place) -> None:
    """Whoever waits for a change of the invitation sees the new end, and tells nothing."""
    invited = await _invited(place, "ada@example.com")
    expiry = await place.stack.central.container.get(InvitationExpiry)
    (due,) = [due for due in await expiry.TX_list_due(1000) if due["id"] == invited.id]
    async with superuser(place.stack) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(_RUN_OUT, invited.id.uuid, timedelta(days=1))
        telling = asyncio.create_task(expiry.TX_expire(due))
        await until(lambda: holds_up(connection))
        await transaction.commit()
    assert not await telling
    assert await told(place, "invitation.expired") == []


async def test_revoked_is_not_expired(owner: AsyncCentral, place: Place) -> None:
    """One that was revoked, though it had run out, is not told to have expired."""
    invited = await _invited(place, "ada@example.com")
    await owner.invitations.revoke(invitation=invited.id)
    await _expire(place.stack)
    assert await told(place, "invitation.expired") == []


async def test_looking_reads_no_table(stack: Stack) -> None:
    """What is due is found by an index of just what is not told."""
    plan = LIST_RUN_OUT.plan
    async with superuser(stack) as connection:
        await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off")
        lines = await connection.fetch(f"EXPLAIN {plan.text}", *plan.arguments({"count": 200}, None))
    text = "\n".join(line[0] for line in lines)
    assert "Index Scan using ix_invitations_run_out" in text, text
    assert "Sort" not in text
