"""Removing another system's name for a user."""

from central_client import AsyncCentral


async def test_name_is_removed(owner: AsyncCentral) -> None:
    """It is free again; one that is not there is passed over."""
    user = await owner.users.create(email="ada@example.com", external_ids={"hr": "1", "crm": "2"})
    assert (await owner.users.remove_external_id(user=user.id, source="hr")).external_ids == {"crm": "2"}
    assert (await owner.users.remove_external_id(user=user.id, source="hr")).external_ids == {"crm": "2"}
    await owner.users.create(email="eve@example.com", external_ids={"hr": "1"})
