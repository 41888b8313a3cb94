import pytest

from central.errors import ConflictError, ForbiddenError, UnauthenticatedError
from central_client import AsyncCentral
from support.place import Place


async def test_an_owner_deletes_their_tenant(place: Place, operator: AsyncCentral) -> None:
    """It is said who asked; their own session ends with it."""
    deletion = await place.owner.tenants.delete_own(confirm=place.tenant.slug)
    assert (deletion.state, deletion.requested_by, deletion.by_operator) == ("scheduled", place.owner_user.id, False)
    with pytest.raises(UnauthenticatedError):
        await place.owner.tenants.get()
    assert await operator.tenants.get_deletion(deletion=deletion.id) == deletion


@pytest.mark.parametrize("role", ["admin", "member"])
async def test_others_do_not(place: Place, role: str) -> None:
    """It takes `tenant:delete`, which owners alone have of themselves."""
    client = await place.signed_in(role)
    with pytest.raises(ForbiddenError) as refusal:
        await client.tenants.delete_own(confirm=place.tenant.slug)
    assert refusal.value.code == "permission_missing"
    await place.owner.users.me()


async def test_the_slug_confirms_it(place: Place) -> None:
    """Without it nothing happens."""
    with pytest.raises(ConflictError) as refusal:
        await place.owner.tenants.delete_own(confirm="another-slug")
    assert refusal.value.code == "not_confirmed"
    assert (await place.owner.tenants.get()).state == "active"


async def test_operators_keep_a_way_in(operator: AsyncCentral) -> None:
    """Not even an owner deletes a tenant whose people run the service."""
    own = await operator.tenants.get()
    with pytest.raises(ConflictError) as refusal:
        await operator.tenants.delete_own(confirm=own.slug)
    assert refusal.value.code == "tenant_of_operators"
