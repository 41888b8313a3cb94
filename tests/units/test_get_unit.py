"""Getting a unit."""

import pytest

from central.errors import NotFoundError
from central.kernel.ids import UnitId
from central_client import AsyncCentral


async def test_members_see_units(owner: AsyncCentral, member: AsyncCentral) -> None:
    """Everybody of the tenant sees its organisation."""
    unit = await owner.units.create(name="Works", code="W", tags={"a": "b"})
    assert await member.units.get(unit=unit.id) == unit


async def test_what_is_not_here(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """What is absent and what is another tenant's are not found."""
    foreign = await other_tenant.units.create(name="Foreign")
    for unit in (UnitId.new(), foreign.id):
        with pytest.raises(NotFoundError):
            await owner.units.get(unit=unit)
