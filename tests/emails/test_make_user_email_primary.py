"""Changing by which address a user is known."""

import asyncio

import pytest

from central.kernel.ids import UserEmailId
from central_client import AsyncCentral, ForbiddenError, NotFoundError
from support.database import superuser
from support.place import Place


async def test_primary_address_changes_places(owner: AsyncCentral, place: Place) -> None:
    """The new one is what the user is known by, the old one stays theirs, and its verification is its own."""
    user = await place.user(email="ada@example.com")
    added = await owner.emails.add(user=user.id, email="countess@example.com")
    made = await owner.emails.make_primary(user=user.id, email=added.id)
    assert (made.id, made.primary) == (added.id, True)
    now = await owner.users.get(user=user.id)
    assert (now.email, now.version) == ("countess@example.com", 2)
    primary = {email.email: email.primary async for email in owner.emails.list(user=user.id)}
    assert primary == {"ada@example.com": False, "countess@example.com": True}
    assert await owner.emails.make_primary(user=user.id, email=added.id) == made
    assert (await owner.users.get(user=user.id)).version == 2


async def test_there_is_always_exactly_one(owner: AsyncCentral, place: Place) -> None:
    """However many change, add and remove addresses at once, one is primary afterwards, and it is one of the user's."""
    user = await place.user(email="ada@example.com")
    added = [await owner.emails.add(user=user.id, email=f"{number}@more.example") for number in range(6)]
    await asyncio.gather(
        *(owner.emails.make_primary(user=user.id, email=email.id) for email in added * 4),
        *(owner.emails.remove(user=user.id, email=email.id) for email in added),
        return_exceptions=True,
    )
    listed = [email async for email in owner.emails.list(user=user.id)]
    assert [email.email for email in listed if email.primary] == [(await owner.users.get(user=user.id)).email]


async def test_the_database_keeps_exactly_one(place: Place) -> None:
    """A primary address that is not one of the user's, or whose row goes, is refused by the database itself."""
    user = await place.user(email="ada@example.com")
    async with superuser(place.stack) as connection:
        for statement in (
            "UPDATE users SET email = 'nobody@example.com' WHERE id = $1",
            "UPDATE users SET email_verified = true WHERE id = $1",
            "DELETE FROM user_emails WHERE user_id = $1",
        ):
            with pytest.raises(Exception, match="fk_users_primary_email"):
                await connection.execute(statement, user.id.uuid)


async def test_address_of_another_user_is_not_found(owner: AsyncCentral, place: Place) -> None:
    """An address is made primary by whom it belongs to, and by nobody else."""
    ada, eve = await place.user(), await place.user()
    added = await owner.emails.add(user=ada.id, email="countess@example.com")
    for email in (added.id, UserEmailId.new()):
        with pytest.raises(NotFoundError):
            await owner.emails.make_primary(user=eve.id, email=email)


async def test_admins_leave_owners_alone(admin: AsyncCentral, place: Place) -> None:
    """An admin does not choose by which address an owner signs in."""
    added = await place.owner.emails.add(user=place.owner_user.id, email="boss@example.com")
    with pytest.raises(ForbiddenError):
        await admin.emails.make_primary(user=place.owner_user.id, email=added.id)
