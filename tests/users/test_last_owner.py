"""A tenant always has an active owner; `tests/races/test_owners.py` has those who try at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from central.errors import ConflictError
from central.kernel.ids import UserId
from central.users.models import User
from central_client import AsyncCentral
from support.place import Place

Removal = Callable[[AsyncCentral, UserId], Awaitable[object]]
REMOVALS: dict[str, Removal] = {
    "demote": lambda client, user: client.users.update(user=user, roles=["member"]),
    "disable": lambda client, user: client.users.disable(user=user),
    "delete": lambda client, user: client.users.delete(user=user),
}


async def _active_owners(place: Place, reader: AsyncCentral) -> list[User]:
    return [user async for user in reader.users.list(role="owner", state="active")]


@pytest.mark.parametrize("removal", REMOVALS)
async def test_last_owner_stays(place: Place, owner: AsyncCentral, removal: str) -> None:
    """The only active owner can be neither demoted, disabled nor deleted, a disabled other owner or not."""
    other = await place.user("owner")
    await owner.users.disable(user=other.id)
    with pytest.raises(ConflictError) as refusal:
        await REMOVALS[removal](owner, place.owner_user.id)
    assert refusal.value.code == "last_owner"
    assert (await owner.users.me()).roles == ["owner"]


@pytest.mark.parametrize("removal", REMOVALS)
async def test_last_but_one_owner_may_go(place: Place, owner: AsyncCentral, removal: str) -> None:
    """An owner goes, by their own hand even, when another active one remains."""
    other = await place.signed_in("owner")
    await REMOVALS[removal](owner, place.owner_user.id)
    assert [user.id for user in await _active_owners(place, other)] == [(await other.users.me()).id]


async def test_one_owner_changes_many_at_once(place: Place, owner: AsyncCentral) -> None:
    """Twenty keyed calls of one owner at the same time neither wait for each other in a ring nor fail."""
    users = await asyncio.gather(*(place.user("owner") for _ in range(20)))
    disabled = await asyncio.gather(*(owner.users.disable(user=user.id) for user in users))
    assert {user.state for user in disabled} == {"disabled"}
