"""Listing one's own addresses."""

from central_client import AsyncCentral
from support.place import Place


async def test_only_ones_own(member: AsyncCentral, place: Place) -> None:
    """One's own addresses come, the primary one first, and nobody else's."""
    await place.user()
    await member.emails.add_mine(email="mine@example.com")
    me = await member.users.me()
    assert [email.email async for email in member.emails.list_mine(limit=1)] == [me.email, "mine@example.com"]
