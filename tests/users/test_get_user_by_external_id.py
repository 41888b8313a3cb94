"""Finding a user by what another system calls them."""

import pytest

from central_client import AsyncCentral, NotFoundError
from support.place import Place


async def test_user_is_found_by_their_name_elsewhere(owner: AsyncCentral, place: Place) -> None:
    """The name is that of one system, and compared exactly."""
    user = await owner.users.create(email="ada@example.com", external_ids={"hr": "4711", "crm": "a/b ö"})
    assert await owner.users.get_by_external_id(source="hr", value="4711") == user
    assert (await owner.users.get_by_external_id(source="crm", value="a/b ö")).id == user.id
    for source, value in (("crm", "4711"), ("hr", "04711"), ("HR", "4711"), ("hr", "47110")):
        with pytest.raises(NotFoundError):
            await owner.users.get_by_external_id(source=source, value=value)


async def test_another_tenants_user_is_not_found(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """Each tenant has its own names."""
    await other_tenant.users.create(email="ada@example.com", external_ids={"hr": "4711"})
    with pytest.raises(NotFoundError):
        await owner.users.get_by_external_id(source="hr", value="4711")
