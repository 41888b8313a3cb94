"""Choosing by which of one's addresses one is known."""

import pytest

from central_client import AsyncCentral, ConflictError
from support.place import Place
from support.verifying import verified_email


async def test_verified_address_becomes_primary(member: AsyncCentral, place: Place) -> None:
    """One's own address is primary once one has shown that it is one's own, and stays verified."""
    verified = await verified_email(place, member, "mine@example.com")
    assert (await member.emails.make_mine_primary(email=verified.id)).primary
    me = await member.users.me()
    assert (me.email, me.email_verified) == ("mine@example.com", True)


async def test_unverified_address_does_not(member: AsyncCentral) -> None:
    """A claim is not enough."""
    added = await member.emails.add_mine(email="mine@example.com")
    with pytest.raises(ConflictError) as refusal:
        await member.emails.make_mine_primary(email=added.id)
    assert refusal.value.code == "email_not_verified"
