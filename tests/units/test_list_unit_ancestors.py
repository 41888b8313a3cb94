"""What stands above a unit."""

import pytest

from central.errors import NotFoundError
from central.kernel.ids import UnitId
from central_client import AsyncCentral
from support.units import grow


async def test_topmost_first(owner: AsyncCentral) -> None:
    """All units above one, from the top down, without itself."""
    made = await grow(owner, {"Works": {"Sales": {"North": {}}, "Plant": {}}})
    assert [unit.name async for unit in owner.units.list_ancestors(unit=made["North"].id)] == ["Works", "Sales"]
    assert [unit.name async for unit in owner.units.list_ancestors(unit=made["Works"].id)] == []


async def test_of_nothing(owner: AsyncCentral) -> None:
    """What is not there has nothing above it."""
    with pytest.raises(NotFoundError):
        await owner.units.list_ancestors(unit=UnitId.new()).first_page()
