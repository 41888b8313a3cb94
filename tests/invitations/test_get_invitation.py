"""Reading one invitation."""

import pytest

from central.errors import NotFoundError
from central.kernel.ids import InvitationId
from central_client import AsyncCentral
from support.inviting import invite
from support.place import Place
from support.signing_in import run_sql


async def test_invitation_is_read(owner: AsyncCentral, admin: AsyncCentral, place: Place) -> None:
    """Administrators see an invitation whoever made it, without its link."""
    invited = await invite(place, "ada@example.com", by=admin)
    assert await owner.invitations.get(invitation=invited.id) == invited.invitation
    assert invited.token not in (await owner.invitations.get(invitation=invited.id)).model_dump_json()


async def test_time_is_judged_when_it_is_read(owner: AsyncCentral, place: Place) -> None:
    """An invitation has run out from the moment that it says, though nothing has happened to it."""
    invited = await invite(place, "ada@example.com")
    move = "UPDATE invitations SET expires_at = now() + $2::interval WHERE id = $1"
    for seconds, state in ((1000, "pending"), (0, "expired"), (-1000, "expired")):
        await run_sql(place, move.replace("$2::interval", f"interval '{seconds} seconds'"), invited.id.uuid)
        assert (await owner.invitations.get(invitation=invited.id)).state == state
    assert (await owner.invitations.get(invitation=invited.id)).version == 1


async def test_what_is_not_there(owner: AsyncCentral) -> None:
    """An id of nothing is not found."""
    with pytest.raises(NotFoundError) as refusal:
        await owner.invitations.get(invitation=InvitationId.new())
    assert refusal.value.code == "invitation_not_found"
