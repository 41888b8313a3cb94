"""Giving users tags."""

import asyncio

import pytest

from central_client import AsyncCentral, ConflictError, ValidationFailedError
from support.place import Place


async def test_tags_are_set_beside_others(owner: AsyncCentral, place: Place) -> None:
    """Tags with other keys stay, those with the same key are replaced."""
    user = await owner.users.create(email="ada@example.com", tags={"team": "red", "floor": "3"})
    changed = await owner.users.set_tags(user=user.id, tags={"team": "blue", "shift": "late"})
    assert changed.tags == {"team": "blue", "floor": "3", "shift": "late"}
    assert await owner.users.get(user=user.id) == changed


async def test_nobody_loses_a_tag_to_somebody_else(owner: AsyncCentral, place: Place) -> None:
    """Of 20 who each set another tag at once, every one is kept."""
    user = await place.user()
    await asyncio.gather(*(owner.users.set_tags(user=user.id, tags={f"t{n}": str(n)}) for n in range(20)))
    assert (await owner.users.get(user=user.id)).tags == {f"t{n}": str(n) for n in range(20)}


async def test_there_is_a_most(owner: AsyncCentral, place: Place) -> None:
    """A user has 50 tags at most."""
    user = await owner.users.create(email="ada@example.com", tags={f"t{n}": "x" for n in range(50)})
    with pytest.raises(ConflictError) as refusal:
        await owner.users.set_tags(user=user.id, tags={"one-more": "x"})
    assert refusal.value.code == "too_many_tags"


@pytest.mark.parametrize(
    "tags", [{"": "x"}, {"1a": "x"}, {"a b": "x"}, {"a": ""}, {"a": "x\ny"}, {"a": "x" * 201}, {"a" * 64: "x"}]
)
async def test_keys_and_values_are_plain(owner: AsyncCentral, place: Place, tags: dict[str, str]) -> None:
    """Keys are short names, values one line."""
    with pytest.raises(ValidationFailedError):
        await owner.users.set_tags(user=place.owner_user.id, tags=tags)
