"""Giving a user further addresses."""

import asyncio

import pytest

from central.kernel.ids import UserId
from central_client import AsyncCentral, ConflictError, ForbiddenError, NotFoundError
from support.place import Place


async def test_address_is_added_unverified(owner: AsyncCentral, place: Place) -> None:
    """A further address is neither primary nor verified, and the primary one stays."""
    user = await place.user(email="ada@example.com")
    added = await owner.emails.add(user=user.id, email="Countess@Example.com")
    assert (added.email, added.primary, added.verified, added.user_id) == (
        "Countess@Example.com",
        False,
        False,
        user.id,
    )
    assert (await owner.users.get(user=user.id)).email == "ada@example.com"


async def test_address_is_somebodys_once(owner: AsyncCentral, place: Place) -> None:
    """An address is unique in its tenant whatever the case, be it primary or not; elsewhere it is free."""
    ada, eve = await place.user(email="ada@example.com"), await place.user(email="eve@example.com")
    await owner.emails.add(user=ada.id, email="more@example.com")
    for taken in ("EVE@example.com", "ada@EXAMPLE.com", "More@example.com"):
        with pytest.raises(ConflictError) as refusal:
            await owner.emails.add(user=ada.id, email=taken)
        assert refusal.value.code == "email_taken"
    with pytest.raises(ConflictError):
        await owner.users.create(email="MORE@example.com")
    with pytest.raises(ConflictError):
        await owner.users.update(user=eve.id, email="more@example.com")


async def test_one_of_many_at_once_wins(owner: AsyncCentral, place: Place) -> None:
    """Of 60 who add, create and take over the same address in different case at once, one gets it."""
    users = [await place.user() for _ in range(6)]
    spellings = ["new@example.com", "NEW@example.com", "New@Example.com"]
    outcomes = await asyncio.gather(
        *(owner.emails.add(user=user.id, email=spelling) for user in users for spelling in spellings),
        *(owner.users.create(email=spelling) for spelling in spellings * 8),
        *(owner.users.update(user=user.id, email=spelling) for user in users for spelling in spellings),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert {getattr(outcome, "code", outcome) for outcome in refused} == {"email_taken"}
    holders = [user async for user in owner.users.list(email="new@example.com")]
    assert len(holders) == 1


async def test_there_is_a_most(owner: AsyncCentral, place: Place) -> None:
    """A user has 20 addresses at most."""
    user = await place.user()
    for number in range(19):
        await owner.emails.add(user=user.id, email=f"{number}@more.example")
    with pytest.raises(ConflictError) as refusal:
        await owner.emails.add(user=user.id, email="one-too-many@more.example")
    assert refusal.value.code == "too_many_emails"


async def test_admins_give_owners_no_address(admin: AsyncCentral, place: Place) -> None:
    """Whoever could give an owner an address could become them."""
    with pytest.raises(ForbiddenError):
        await admin.emails.add(user=place.owner_user.id, email="eve@example.com")
    with pytest.raises(NotFoundError):
        await admin.emails.add(user=UserId.new(), email="eve@example.com")


async def test_nobody_gives_an_address_to_whoever_may_do_more(place: Place) -> None:
    """Somebody who may only write users does not get into the account of an admin."""
    await place.owner.roles.create(slug="clerk", name="Clerk", permissions=["users:read", "units:read", "users:write"])
    clerk, manager = await place.signed_in("clerk"), await place.user("admin")
    for attempt in (
        clerk.emails.add(user=manager.id, email="clerk@example.com"),
        clerk.users.update(user=manager.id, email="clerk@example.com"),
        clerk.users.disable(user=manager.id),
    ):
        with pytest.raises(ForbiddenError) as refusal:
            await attempt
        assert refusal.value.code == "more_powerful"
    await clerk.emails.add(user=(await place.user()).id, email="clerk@example.com")
