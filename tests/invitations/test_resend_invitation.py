"""Mailing an invitation again: a new link, the old one ends."""

import asyncio

import pytest

from central.errors import ConflictError, ForbiddenError, NotFoundError, RateLimitedError
from central.kernel.ids import InvitationId
from central_client import AsyncCentral
from support.inviting import Invited, invite, invite_by_hand, told, waiting_token
from support.place import Place
from support.signing_in import run_sql


@pytest.fixture
async def invited(place: Place) -> Invited:
    """Somebody who was invited more than a minute ago."""
    made = await invite(place, "ada@example.com", message="Hello")
    await run_sql(
        place,
        "UPDATE invitations SET last_requested_at = last_requested_at - interval '61 seconds' WHERE id = $1",
        made.id.uuid,
    )
    return made


async def test_new_link_and_new_time(owner: AsyncCentral, place: Place, invited: Invited) -> None:
    """The old link ends, a mail with a new one is asked for, and the time begins anew; the rest stays."""
    again = await owner.invitations.resend(invitation=invited.id, expires_in_days=20)
    assert (again.id, again.roles, again.message, again.state) == (invited.id, ["member"], "Hello", "pending")
    assert (again.expires_at - again.updated_at).days == 20
    assert again.version == 2
    with pytest.raises(NotFoundError):
        await place.anonymous().invitations.accept(token=invited.token)
    assert len(await told(place, "invitation.mail_requested")) == 2
    token = await waiting_token(place, invited.id)
    assert (await place.anonymous().invitations.accept(token=token)).outcome == "accepted"


async def test_once_a_minute(owner: AsyncCentral, place: Place, invited: Invited) -> None:
    """A second time within a minute is refused, and the link of the first stays good; fifty at once mail once."""
    outcomes = await asyncio.gather(
        *(owner.invitations.resend(invitation=invited.id) for _ in range(50)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(refused) == 49
    assert {(type(error), getattr(error, "code", None)) for error in refused} == {(RateLimitedError, "mailed_recently")}
    assert len(await told(place, "invitation.mail_requested")) == 2
    token = await waiting_token(place, invited.id)
    assert await place.anonymous().invitations.get_public(token=token)


async def test_what_has_run_out_is_good_again(owner: AsyncCentral, place: Place, invited: Invited) -> None:
    """Sending again what has only run out makes it pending."""
    await run_sql(place, "UPDATE invitations SET expires_at = now() WHERE id = $1", invited.id.uuid)
    assert (await owner.invitations.resend(invitation=invited.id)).state == "pending"


async def test_link_by_hand_is_replaced_by_a_mailed_one(owner: AsyncCentral, place: Place) -> None:
    """What was handed over can be mailed: from then on only the mailbox has the link."""
    handed = await invite_by_hand(place, "ada@example.com")
    assert (await owner.invitations.resend(invitation=handed.id)).delivery == "mail"
    with pytest.raises(NotFoundError):
        await place.anonymous().invitations.get_public(token=handed.token)


@pytest.mark.parametrize("state", ["accepted", "revoked", "expired"])
async def test_what_is_over_is_not_sent(owner: AsyncCentral, place: Place, invited: Invited, state: str) -> None:
    """An invitation that was accepted, revoked, or made room for another stays as it is."""
    if state == "accepted":
        await place.anonymous().invitations.accept(token=invited.token)
    if state == "revoked":
        await owner.invitations.revoke(invitation=invited.id)
    if state == "expired":
        await run_sql(place, "UPDATE invitations SET expires_at = now() WHERE id = $1", invited.id.uuid)
        await owner.invitations.create(email="ada@example.com")
    with pytest.raises(ConflictError) as refusal:
        await owner.invitations.resend(invitation=invited.id)
    assert refusal.value.code == f"invitation_{state}"


async def test_only_by_who_could_make_it(place: Place, admin: AsyncCentral) -> None:
    """An admin does not send an invitation to ownership again; whoever sends one again stands for it."""
    to_owner = await invite_by_hand(place, "eve@example.com", "owner")
    with pytest.raises(ForbiddenError) as refusal:
        await admin.invitations.resend(invitation=to_owner.id)
    assert refusal.value.code == "owner_needed"
    assert await place.anonymous().invitations.get_public(token=to_owner.token)
    to_member = await invite_by_hand(place, "ada@example.com")
    again = await admin.invitations.resend(invitation=to_member.id)
    assert (again.created_by, again.invited_by) == (place.owner_user.id, (await admin.users.me()).id)


async def test_role_that_is_gone(owner: AsyncCentral, place: Place) -> None:
    """An invitation whose role was deleted is not sent again, but can be made again with another."""
    await owner.roles.create(slug="guest", name="Guest", permissions=[])
    handed = await invite_by_hand(place, "ada@example.com", "guest")
    await owner.roles.delete(role="guest")
    with pytest.raises(ConflictError) as refusal:
        await owner.invitations.resend(invitation=handed.id)
    assert refusal.value.code == "role_gone"
    assert (await owner.invitations.create(email="ada@example.com")).invitation.id == handed.id


async def test_what_is_not_there(owner: AsyncCentral) -> None:
    """An id of nothing is not found."""
    with pytest.raises(NotFoundError):
        await owner.invitations.resend(invitation=InvitationId.new())
