"""Deleting roles of one's own."""

import asyncio

import pytest

from central_client import AsyncCentral, ConflictError, NotFoundError, ValidationFailedError
from support.place import Place


async def test_role_that_nobody_holds_is_deleted(owner: AsyncCentral) -> None:
    """It is gone, and its slug is free again."""
    await owner.roles.create(slug="desk", name="Desk", permissions=[])
    await owner.roles.delete(role="desk")
    with pytest.raises(NotFoundError):
        await owner.roles.get(role="desk")
    await owner.roles.create(slug="desk", name="Desk", permissions=[])


async def test_role_that_somebody_holds_stays(place: Place) -> None:
    """It has to be taken from everybody first."""
    await place.owner.roles.create(slug="desk", name="Desk", permissions=[])
    user = await place.user("member", "desk")
    with pytest.raises(ConflictError) as refusal:
        await place.owner.roles.delete(role="desk")
    assert refusal.value.code == "role_in_use"
    await place.owner.users.update(user=user.id, roles=["member"])
    await place.owner.roles.delete(role="desk")


async def test_granting_and_deleting_at_once(place: Place) -> None:
    """Either somebody gets the role and it stays, or it goes and nobody gets it: never a role that is not there."""
    for number in range(20):
        slug = f"race-{number}"
        await place.owner.roles.create(slug=slug, name=slug, permissions=[])
        created, deleted = await asyncio.gather(
            place.owner.users.create(email=f"{slug}@example.com", roles=[slug]),
            place.owner.roles.delete(role=slug),
            return_exceptions=True,
        )
        if deleted is None:
            assert isinstance(created, ValidationFailedError)
        else:
            assert isinstance(deleted, ConflictError)
            assert not isinstance(created, BaseException)
            assert (await place.owner.users.get(user=created.id)).roles == [slug]
