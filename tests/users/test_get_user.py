import pytest

from central.errors import NotFoundError
from central.kernel.ids import UserId
from central_client import AsyncCentral
from support.place import Place


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
async def test_everybody_gets_users_of_their_tenant(place: Place, role: str) -> None:
    """Any user may look at any other of the tenant."""
    client = await place.signed_in(role)
    assert (await client.users.get(user=place.owner_user.id)).email == place.owner_user.email


async def test_absent_and_foreign_users_are_not_found(place: Place, other_tenant: AsyncCentral) -> None:
    """An id that never was and one of another tenant are not to be told apart."""
    for user in (UserId.new(), place.owner_user.id):
        with pytest.raises(NotFoundError) as refusal:
            await other_tenant.users.get(user=user)
        assert (refusal.value.code, refusal.value.message) == ("user_not_found", "There is no user here.")


async def test_what_others_see_of_a_user_is_not_private(place: Place, member: AsyncCentral) -> None:
    """System permissions are shown to nobody but the user."""
    seen = await member.users.get(user=place.owner_user.id)
    assert "system_permissions" not in seen.model_dump(by_alias=False)
    assert "systemPermissions" not in seen.model_dump(by_alias=True)
