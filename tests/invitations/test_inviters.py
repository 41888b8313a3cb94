"""An invitation is worth as much as whoever stands for it, on the day that it is accepted."""

import pytest

from central.access import TENANT_PERMISSIONS
from central.errors import ConflictError, ForbiddenError
from central_client import AsyncCentral
from support.inviting import Invited, invite
from support.place import Place
from support.signing_in import sign_in_by_code


async def _refused(place: Place, invited: Invited, code: str, client: AsyncCentral | None = None) -> None:
    """Accepting is refused, and uses nothing up."""
    with pytest.raises((ForbiddenError, ConflictError)) as refusal:
        await (client or place.anonymous()).invitations.accept(token=invited.token)
    assert refusal.value.code == code
    assert (await place.owner.invitations.get(invitation=invited.id)).state == "pending"


@pytest.mark.parametrize("loss", ["disabled", "deleted", "demoted", "without the permission"])
async def test_inviter_who_could_not_invite_now(place: Place, loss: str) -> None:
    """Who was disabled, deleted or demoted since lets nobody in any more; whoever sends it again does."""
    await place.owner.roles.create(slug="helper", name="Helper", permissions=["users:read", "users:write"])
    inviter = await place.user("admin")
    invited = await invite(place, "ada@example.com", "admin", by=await place.sign_in(inviter))
    if loss == "disabled":
        await place.owner.users.disable(user=inviter.id)
    if loss == "deleted":
        await place.owner.users.delete(user=inviter.id)
    if loss == "demoted":
        await place.owner.users.update(user=inviter.id, roles=["member"])
    if loss == "without the permission":
        await place.owner.users.update(user=inviter.id, roles=["helper"])
    await _refused(place, invited, "inviter_may_not")
    assert (await place.anonymous().invitations.get_public(token=invited.token)).roles == ["admin"]
    again = await place.owner.invitations.create(email="ada@example.com", roles=["admin"], send=False)
    assert (again.created, again.invitation.invited_by) == (False, place.owner_user.id)
    token = (again.link or "").rpartition("/")[2]
    assert (await place.anonymous().invitations.accept(token=token)).outcome == "accepted"


async def test_inviter_who_got_their_rights_back(place: Place) -> None:
    """It counts what they may do when the invitation is accepted, not what they could not do between."""
    inviter = await place.user("admin")
    invited = await invite(place, "ada@example.com", by=await place.sign_in(inviter))
    await place.owner.users.disable(user=inviter.id)
    await _refused(place, invited, "inviter_may_not")
    await place.owner.users.enable(user=inviter.id)
    assert (await place.anonymous().invitations.accept(token=invited.token)).outcome == "accepted"


async def test_only_an_owner_lets_owners_in(place: Place) -> None:
    """Who is an owner no more makes no owners by invitations of before, though they hold every permission."""
    await place.owner.roles.create(slug="all", name="All", permissions=list(TENANT_PERMISSIONS))
    inviter = await place.user("owner")
    invited = await invite(place, "ada@example.com", "owner", by=await place.sign_in(inviter))
    await place.owner.users.update(user=inviter.id, roles=["all"])
    await _refused(place, invited, "inviter_may_not")


async def test_role_that_allows_more_now(place: Place) -> None:
    """A role that got a permission since, which the inviter does not hold, is not given by their invitation."""
    await place.owner.roles.create(slug="host", name="Host", permissions=["invitations:read", "invitations:write"])
    await place.owner.roles.create(slug="guest", name="Guest", permissions=["invitations:read"])
    host = await place.signed_in("host")
    invited = await invite(place, "ada@example.com", "guest", by=host)
    await place.owner.roles.update(role="guest", permissions=["invitations:read", "users:write"])
    await _refused(place, invited, "inviter_may_not")
    await place.owner.roles.update(role="guest", permissions=[])
    assert (await place.anonymous().invitations.accept(token=invited.token)).outcome == "accepted"


async def test_role_that_is_gone(place: Place) -> None:
    """An invitation to a role that was deleted is refused in words, to new people and to known ones."""
    await place.owner.roles.create(slug="guest", name="Guest", permissions=[])
    known = await place.user(email="known@example.com")
    to_new = await invite(place, "new@example.com", "member", "guest")
    to_known = await invite(place, "known@example.com", "guest")
    await place.owner.roles.delete(role="guest")
    await _refused(place, to_new, "role_gone")
    await _refused(place, to_known, "role_gone")
    await _refused(place, to_known, "role_gone", await place.sign_in(known))


async def test_what_cannot_be_accepted_keeps_nobody_from_signing_in(place: Place, anonymous: AsyncCentral) -> None:
    """Who began to accept, and whose inviter left meanwhile, signs in as ever, without the roles."""
    inviter = await place.user("admin")
    user = await place.user(email="ada@example.com")
    invited = await invite(place, "ada@example.com", "admin", by=await place.sign_in(inviter))
    assert (await anonymous.invitations.accept(token=invited.token)).outcome == "sign_in_needed"
    await place.owner.users.disable(user=inviter.id)
    signed_in = await sign_in_by_code(place, anonymous, "ada@example.com")
    assert (signed_in.user.id, signed_in.user.roles) == (user.id, ["member"])
    await _refused(place, invited, "inviter_may_not", anonymous)
