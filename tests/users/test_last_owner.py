"""A tenant always has an active owner, whoever tries what at the same time."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest

from central.errors import CentralError, ConflictError
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


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations_with_replacement(REMOVALS, 2)))
async def test_two_owners_crosswise(place: Place, first: str, second: str) -> None:
    """Two owners who take each other away at the same moment: one stays, in every round, and nothing is an outage."""
    reader = await place.signed_in("member")
    owner_user, owner = place.owner_user, place.owner
    for _ in range(12):
        other_user = await Place(place.stack, place.tenant, owner_user, owner).user("owner")
        other = await place.sign_in(other_user)
        outcomes = await asyncio.gather(
            REMOVALS[first](owner, other_user.id), REMOVALS[second](other, owner_user.id), return_exceptions=True
        )
        errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        # The one who came second is told, or is no owner and not signed in any more.
        assert len(errors) <= 1
        assert all(isinstance(error, CentralError) and error.status < 500 for error in errors), errors
        remaining = await _active_owners(place, reader)
        assert len(remaining) == 1, outcomes
        if remaining[0].id != owner_user.id:
            owner_user, owner = other_user, other


async def test_two_owners_both_leave(place: Place) -> None:
    """Two owners who both step down at the same moment: one is refused, in every round."""
    reader = await place.signed_in("member")
    owner_user, owner = place.owner_user, place.owner
    for _ in range(20):
        other_user = await Place(place.stack, place.tenant, owner_user, owner).user("owner")
        other = await place.sign_in(other_user)
        outcomes = await asyncio.gather(
            owner.users.update(user=owner_user.id, roles=["member"]),
            other.users.update(user=other_user.id, roles=["member"]),
            return_exceptions=True,
        )
        assert [getattr(error, "code", "done") for error in outcomes].count("last_owner") == 1, outcomes
        remaining = await _active_owners(place, reader)
        assert len(remaining) == 1
        if remaining[0].id != owner_user.id:
            owner_user, owner = other_user, other


async def test_one_owner_changes_many_at_once(place: Place, owner: AsyncCentral) -> None:
    """Twenty keyed calls of one owner at the same time neither wait for each other in a ring nor fail."""
    users = await asyncio.gather(*(place.user("owner") for _ in range(20)))
    disabled = await asyncio.gather(*(owner.users.disable(user=user.id) for user in users))
    assert {user.state for user in disabled} == {"disabled"}
