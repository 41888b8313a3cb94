"""Getting several users at once."""

import pytest

from central.kernel.ids import UserId
from central_client import AsyncCentral, ValidationFailedError
from support.place import Place


async def test_users_come_in_the_order_asked_for(owner: AsyncCentral, place: Place) -> None:
    """Each comes once, in the order of the ids; those that are not there are left out."""
    users = [await place.user() for _ in range(3)]
    ids = [users[2].id, UserId.new(), users[0].id, users[2].id, users[1].id]
    assert [user.id async for user in owner.users.get_many(users=ids)] == [users[2].id, users[0].id, users[1].id]


async def test_another_tenants_users_are_left_out(owner: AsyncCentral, other_place: Place) -> None:
    """A foreign id is as one that never was."""
    assert [user async for user in owner.users.get_many(users=[other_place.owner_user.id])] == []


async def test_a_hundred_at_most(owner: AsyncCentral) -> None:
    """A hundred ids fit into one request, and no more are taken."""
    ids = [UserId.new() for _ in range(101)]
    assert [user async for user in owner.users.get_many(users=ids[:100])] == []
    with pytest.raises(ValidationFailedError):
        await owner.users.get_many(users=ids).first_page()
    with pytest.raises(ValidationFailedError):
        await owner.users.get_many(users=[]).first_page()
