"""Listing a user's addresses."""

import pytest

from central.kernel.ids import UserId
from central_client import AsyncCentral, NotFoundError
from support.place import Place


async def test_addresses_come_oldest_first(owner: AsyncCentral, member: AsyncCentral, place: Place) -> None:
    """All addresses come once, the primary one among them, whatever the size of the pages."""
    user = await place.user(email="ada@example.com")
    for number in range(3):
        await owner.emails.add(user=user.id, email=f"{number}@more.example")
    expected = ["ada@example.com", "0@more.example", "1@more.example", "2@more.example"]
    for limit in (1, 2, 50):
        assert [email.email async for email in member.emails.list(user=user.id, limit=limit)] == expected
    assert [email.primary async for email in owner.emails.list(user=user.id)] == [True, False, False, False]


async def test_absent_user_is_not_found(owner: AsyncCentral) -> None:
    """A user who is not there has no empty list."""
    with pytest.raises(NotFoundError):
        await owner.emails.list(user=UserId.new()).first_page()
