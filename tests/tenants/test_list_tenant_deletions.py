import pytest

from central.errors import ForbiddenError
from central_client import AsyncCentral
from support.place import Place, make_place


async def test_newest_first_in_pages(place: Place, operator: AsyncCentral) -> None:
    """Deletions of all tenants come newest first, and pages neither repeat nor lose one."""
    places = [place, await make_place(place.stack), await make_place(place.stack)]
    asked = [await operator.tenants.delete(tenant=one.tenant.id, confirm=one.tenant.slug) for one in places]
    ids = {deletion.id for deletion in asked}
    listed = [d async for d in operator.tenants.list_deletions(limit=1) if d.id in ids]
    assert listed == asked[::-1]


async def test_by_state(place: Place, operator: AsyncCentral) -> None:
    """Those that wait are told apart from those that were taken back, on every page."""
    deletion = await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug)
    waiting = [d.id async for d in operator.tenants.list_deletions(state="scheduled", limit=1)]
    assert deletion.id in waiting
    await operator.tenants.restore(tenant=place.tenant.id)
    assert deletion.id not in [d.id async for d in operator.tenants.list_deletions(state="scheduled", limit=1)]
    assert deletion.id in [d.id async for d in operator.tenants.list_deletions(state="restored", limit=200)]


async def test_operators_alone(place: Place) -> None:
    """It takes a system permission."""
    with pytest.raises(ForbiddenError):
        await place.owner.tenants.list_deletions().first_page()
