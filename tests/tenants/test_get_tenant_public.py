import secrets

import pytest

from central.errors import NotFoundError
from central_client import AsyncCentral
from support.place import Place


async def test_anyone_sees_a_tenant_by_id_and_by_slug(place: Place, anonymous: AsyncCentral) -> None:
    """Id and slug, in any case, lead to the same: id, slug, name and colours, and nothing more."""
    tenant = place.tenant
    for ref in (tenant.id, tenant.id.lower(), tenant.slug, tenant.slug.upper()):
        seen = await anonymous.tenants.get_public(tenant=ref)
        assert seen.model_dump() == {
            "__type": "TenantPublic",
            "id": tenant.id,
            "slug": tenant.slug,
            "name": "Acme",
            "accentColor": None,
            "backgroundColor": None,
            "logo": None,
        }


async def test_former_slug_leads_here(place: Place, anonymous: AsyncCentral) -> None:
    """Old links go on working after a rename, and show the new slug."""
    former, current = place.tenant.slug, f"t{secrets.token_hex(6)}"
    await place.owner.tenants.rename(slug=current)
    for ref in (former, former.upper(), current):
        assert (await anonymous.tenants.get_public(tenant=ref)).slug == current


async def test_suspended_tenant_shows_its_name_still(
    place: Place, anonymous: AsyncCentral, operator: AsyncCentral
) -> None:
    """The page of a suspended tenant names it, and does not tell its state."""
    before = await anonymous.tenants.get_public()
    await operator.tenants.suspend(tenant=place.tenant.id)
    assert await anonymous.tenants.get_public() == before


@pytest.mark.parametrize(
    "ref", ["nobody-here", "tenant-01H2XVNZ7C9NXWK3TMCRD9QWMN", "user-01H2XVNZ7C9NXWK3TMCRD9QWMN", "a~b"]
)
async def test_absent_tenant_is_not_found(anonymous: AsyncCentral, ref: str) -> None:
    """What names no tenant is not found."""
    with pytest.raises(NotFoundError) as refusal:
        await anonymous.tenants.get_public(tenant=ref)
    assert refusal.value.code == "tenant_not_found"
