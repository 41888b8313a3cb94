"""Taking roles."""

import asyncio

import pytest

from central_client import AsyncCentral, ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError
from support.place import Place


async def test_role_is_taken_at_once(owner: AsyncCentral, place: Place) -> None:
    """The others stay, and the sessions end."""
    user = await place.user("member", "admin")
    client = await place.sign_in(user)
    await owner.roles.revoke(user=user.id, role="admin")
    assert (await owner.users.get(user=user.id)).roles == ["member"]
    with pytest.raises(UnauthenticatedError):
        await client.users.me()
    with pytest.raises(NotFoundError):
        await owner.roles.revoke(user=user.id, role="admin")


async def test_owners_are_unmade_by_owners(admin: AsyncCentral, place: Place) -> None:
    """An admin takes nothing from an owner."""
    with pytest.raises(ForbiddenError):
        await admin.roles.revoke(user=place.owner_user.id, role="owner")


async def test_two_owners_take_it_from_each_other(place: Place) -> None:
    """However it goes, one owner remains."""
    for _ in range(10):
        second = await place.user("owner")
        client = await place.sign_in(second)
        first_me = await place.owner.users.me()
        outcomes = await asyncio.gather(
            place.owner.roles.revoke(user=second.id, role="owner"),
            client.roles.revoke(user=first_me.id, role="owner"),
            return_exceptions=True,
        )
        assert sum(isinstance(outcome, BaseException) for outcome in outcomes) == 1
        if outcomes[0] is None:
            continue
        # The first owner is none any more: the second goes on as the owner of the test's tenant.
        assert isinstance(outcomes[0], ConflictError | ForbiddenError | UnauthenticatedError)
        place.owner = client
