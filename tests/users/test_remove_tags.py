"""Taking tags from users."""

from central_client import AsyncCentral


async def test_tags_are_removed(owner: AsyncCentral) -> None:
    """Those named go, the others stay, and those that are not there are passed over."""
    user = await owner.users.create(email="ada@example.com", tags={"team": "red", "floor": "3", "x": "y"})
    assert (await owner.users.remove_tags(user=user.id, keys=["team", "nothing", "x"])).tags == {"floor": "3"}
