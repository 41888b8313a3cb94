"""Removing addresses of one's own."""

import pytest

from central_client import AsyncCentral, ConflictError, NotFoundError
from support.place import Place


async def test_only_ones_own_and_not_the_primary_one(member: AsyncCentral, place: Place) -> None:
    """A further address goes; the primary one stays, and somebody else's is not found."""
    added = await member.emails.add_mine(email="mine@example.com")
    await member.emails.remove_mine(email=added.id)
    (primary,) = [email async for email in member.emails.list_mine()]
    with pytest.raises(ConflictError):
        await member.emails.remove_mine(email=primary.id)
    theirs = await place.owner.emails.add(user=place.owner_user.id, email="boss@example.com")
    with pytest.raises(NotFoundError):
        await member.emails.remove_mine(email=theirs.id)
