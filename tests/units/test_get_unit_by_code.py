"""Getting a unit by what other systems call it."""

import pytest

from central.errors import NotFoundError
from central_client import AsyncCentral


async def test_whatever_the_case(owner: AsyncCentral) -> None:
    """A code finds its unit in any case, as a whole."""
    unit = await owner.units.create(name="Works", code="DE.West_7-a")
    assert await owner.units.get_by_code(code="de.west_7-A") == unit
    with pytest.raises(NotFoundError):
        await owner.units.get_by_code(code="de.west_7")


async def test_that_of_another_tenant(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """Another tenant's code is not found."""
    await other_tenant.units.create(name="Works", code="W")
    with pytest.raises(NotFoundError):
        await owner.units.get_by_code(code="W")
