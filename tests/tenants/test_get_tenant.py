import pytest

from central.errors import NotFoundError, UnauthenticatedError
from central_client import AsyncCentral
from support.place import Place


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
async def test_everybody_gets_their_own_tenant(place: Place, role: str) -> None:
    """Every user of a tenant may see it, by id and by slug."""
    client = await place.signed_in(role)
    assert await client.tenants.get() == place.tenant
    assert await client.tenants.get(tenant=place.tenant.id) == place.tenant


async def test_nobody_gets_another_tenant(place: Place, other_tenant: AsyncCentral, operator: AsyncCentral) -> None:
    """Neither another tenant's owner nor an operator walks into a tenant."""
    for client in (other_tenant, operator):
        with pytest.raises(NotFoundError):
            await client.tenants.get(tenant=place.tenant.slug)


async def test_nobody_gets_a_tenant_without_signing_in(anonymous: AsyncCentral) -> None:
    """An anonymous caller is told to sign in."""
    with pytest.raises(UnauthenticatedError):
        await anonymous.tenants.get()
