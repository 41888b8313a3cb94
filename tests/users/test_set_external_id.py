"""Saying what another system calls a user."""

import asyncio

import pytest

from central_client import AsyncCentral, ConflictError, ForbiddenError, ValidationFailedError
from support.place import Place


async def test_name_is_set_and_replaced(owner: AsyncCentral, place: Place) -> None:
    """A system has one name for a user, which a new one replaces; those of other systems stay."""
    user = await place.user()
    assert (await owner.users.set_external_id(user=user.id, source="hr", value="1")).external_ids == {"hr": "1"}
    changed = await owner.users.set_external_id(user=user.id, source="crm", value="2")
    assert (changed.external_ids, changed.version) == ({"crm": "2", "hr": "1"}, 3)
    assert (await owner.users.set_external_id(user=user.id, source="hr", value="3")).external_ids["hr"] == "3"


async def test_name_is_taken_once(owner: AsyncCentral, place: Place) -> None:
    """One system does not call two users the same, also when 50 are named so at once."""
    users = [await place.user() for _ in range(10)]
    made = await asyncio.gather(
        *(owner.users.set_external_id(user=user.id, source="hr", value="1") for user in users * 5),
        return_exceptions=True,
    )
    refused = {outcome.code for outcome in made if isinstance(outcome, ConflictError)}
    assert refused == {"external_id_taken"}
    assert all(isinstance(outcome, ConflictError) for outcome in made if isinstance(outcome, BaseException))
    holders = [user.id async for user in owner.users.list() if user.external_ids]
    assert len(holders) == 1


async def test_name_at_creation(owner: AsyncCentral) -> None:
    """A user can be created with names, which are unique then, too; the refused one leaves nothing behind."""
    await owner.users.create(email="ada@example.com", external_ids={"hr": "1"})
    with pytest.raises(ConflictError) as refusal:
        await owner.users.create(email="eve@example.com", external_ids={"hr": "1"})
    assert refusal.value.code == "external_id_taken"
    assert [user async for user in owner.users.list(email="eve@example.com")] == []


async def test_there_is_a_most(owner: AsyncCentral, place: Place) -> None:
    """A user has 20 names at most."""
    user = await owner.users.create(email="a@example.com", external_ids={f"s{number}": "1" for number in range(20)})
    await owner.users.set_external_id(user=user.id, source="s3", value="2")
    with pytest.raises(ValidationFailedError):
        await owner.users.set_external_id(user=user.id, source="s20", value="2")


async def test_admins_do_not_touch_owners(admin: AsyncCentral, place: Place) -> None:
    """An owner is found by another system's name only if an owner says so."""
    with pytest.raises(ForbiddenError):
        await admin.users.set_external_id(user=place.owner_user.id, source="hr", value="1")
