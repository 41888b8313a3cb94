"""Taking an invitation back."""

import pytest

from central.errors import ConflictError, ForbiddenError, GoneError, NotFoundError
from central.kernel.ids import InvitationId
from central_client import AsyncCentral
from support.inviting import invite, mail, mailbox, rows, told
from support.place import Place
from support.signing_in import run_sql


async def test_link_ends_at_once(owner: AsyncCentral, place: Place) -> None:
    """A revoked invitation says who revoked it, lets nobody in, and is mailed no more."""
    invited = await invite(place, "ada@example.com")
    revoked = await owner.invitations.revoke(invitation=invited.id)
    assert (revoked.state, revoked.revoked_by, revoked.version) == ("revoked", place.owner_user.id, 2)
    assert revoked.revoked_at is not None
    for attempt in (
        place.anonymous().invitations.get_public(token=invited.token),
        place.anonymous().invitations.accept(token=invited.token),
    ):
        with pytest.raises(GoneError) as refusal:
            await attempt
        assert refusal.value.code == "invitation_revoked"
    assert not await mail(place, invited.id)
    assert await mailbox(place, f"ada@{place.tenant.slug}.example") == []
    (row,) = await rows(place, "SELECT token FROM invitations WHERE tenant_id = $1")
    assert row["token"] is None
    assert [event["invitationId"] for event in await told(place, "invitation.revoked")] == [invited.id]


async def test_a_second_time_changes_nothing(owner: AsyncCentral, place: Place) -> None:
    """Revoking again is no error, and no event."""
    invited = await invite(place, "ada@example.com")
    first = await owner.invitations.revoke(invitation=invited.id)
    assert await owner.invitations.revoke(invitation=invited.id) == first
    assert len(await told(place, "invitation.revoked")) == 1


async def test_what_has_run_out_can_be_revoked(owner: AsyncCentral, place: Place) -> None:
    """So that nobody sends it again."""
    invited = await invite(place, "ada@example.com")
    await run_sql(place, "UPDATE invitations SET expires_at = now() WHERE id = $1", invited.id.uuid)
    assert (await owner.invitations.revoke(invitation=invited.id)).state == "revoked"


async def test_what_was_accepted_stays_so(owner: AsyncCentral, place: Place) -> None:
    """An accepted invitation is a user now; there is nothing to take back."""
    invited = await invite(place, "ada@example.com")
    await place.anonymous().invitations.accept(token=invited.token)
    with pytest.raises(ConflictError) as refusal:
        await owner.invitations.revoke(invitation=invited.id)
    assert refusal.value.code == "invitation_accepted"


async def test_only_by_who_could_make_it(place: Place, admin: AsyncCentral) -> None:
    """An admin revokes no invitation to ownership."""
    invited = await invite(place, "ada@example.com", "owner")
    with pytest.raises(ForbiddenError) as refusal:
        await admin.invitations.revoke(invitation=invited.id)
    assert refusal.value.code == "owner_needed"
    assert (await place.owner.invitations.get(invitation=invited.id)).state == "pending"


async def test_role_that_is_gone_keeps_nobody_from_revoking(owner: AsyncCentral, place: Place) -> None:
    """An invitation whose role was deleted can be taken back."""
    await owner.roles.create(slug="guest", name="Guest", permissions=[])
    invited = await invite(place, "ada@example.com", "guest")
    await owner.roles.delete(role="guest")
    assert (await owner.invitations.revoke(invitation=invited.id)).state == "revoked"


async def test_what_is_not_there(owner: AsyncCentral) -> None:
    """An id of nothing is not found."""
    with pytest.raises(NotFoundError):
        await owner.invitations.revoke(invitation=InvitationId.new())
