"""Taking addresses from users."""

import pytest

from central_client import AsyncCentral, ConflictError, NotFoundError
from support.place import Place


async def test_further_address_is_removed(owner: AsyncCentral, place: Place) -> None:
    """It is free again for somebody else."""
    user = await place.user()
    added = await owner.emails.add(user=user.id, email="more@example.com")
    await owner.emails.remove(user=user.id, email=added.id)
    await owner.users.create(email="more@example.com")
    with pytest.raises(NotFoundError):
        await owner.emails.remove(user=user.id, email=added.id)


async def test_primary_address_stays(owner: AsyncCentral, place: Place) -> None:
    """Another one must be primary first."""
    user = await place.user()
    (primary,) = [email async for email in owner.emails.list(user=user.id)]
    with pytest.raises(ConflictError) as refusal:
        await owner.emails.remove(user=user.id, email=primary.id)
    assert refusal.value.code == "primary_email"
