"""The way between two units."""

import pytest

from central.errors import NotFoundError
from central.kernel.ids import UnitId
from central_client import AsyncCentral
from support.units import grow

TREE = {"Works": {"Sales": {"North": {}, "South": {}}, "Plant": {"Line": {}}}, "Trust": {}}
WAYS = [
    ("North", "Line", "Works", ["North", "Sales", "Works", "Plant", "Line"]),
    ("North", "South", "Sales", ["North", "Sales", "South"]),
    ("North", "Works", "Works", ["North", "Sales", "Works"]),
    ("Works", "North", "Works", ["Works", "Sales", "North"]),
    ("Plant", "Plant", "Plant", ["Plant"]),
    ("North", "Trust", None, []),
]


async def test_up_and_down(owner: AsyncCentral) -> None:
    """A way goes up to the lowest unit above both, and down; where there is none, no way leads."""
    made = await grow(owner, TREE)
    for start, end, turn, way in WAYS:
        page = await owner.units.get_path(unit=made[start].id, to=made[end].id).first_page()
        assert [unit.name for unit in page.units] == way
        assert page.common_ancestor_id == (None if turn is None else made[turn].id)


async def test_from_or_to_nothing(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """Both ends have to be there."""
    unit = await owner.units.create(name="Works")
    foreign = await other_tenant.units.create(name="Foreign")
    for start, end in ((unit.id, UnitId.new()), (foreign.id, unit.id)):
        with pytest.raises(NotFoundError):
            await owner.units.get_path(unit=start, to=end).first_page()
