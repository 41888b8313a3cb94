import pytest

from central.errors import ForbiddenError, NotFoundError
from central_client import AsyncCentral
from support.place import Place


async def test_reactivated_tenant_works_again(place: Place, operator: AsyncCentral) -> None:
    """Sessions that have not run out meanwhile work again, and people sign in."""
    await operator.tenants.suspend(tenant=place.tenant.id)
    tenant = await operator.tenants.reactivate(tenant=place.tenant.slug)
    assert (tenant.state, tenant.version) == ("active", 3)
    assert (await place.owner.users.me()).id == place.owner_user.id
    await (await place.signed_in("member")).users.me()


async def test_reactivating_an_active_tenant_changes_nothing(place: Place, operator: AsyncCentral) -> None:
    """An active tenant stays as it is."""
    assert await operator.tenants.reactivate(tenant=place.tenant.id) == place.tenant


async def test_only_operators_reactivate(place: Place, owner: AsyncCentral, operator: AsyncCentral) -> None:
    """A tenant's owner is refused, and what does not exist is not found."""
    with pytest.raises(ForbiddenError):
        await owner.tenants.reactivate(tenant=place.tenant.id)
    with pytest.raises(NotFoundError):
        await operator.tenants.reactivate(tenant="nobody-here")
