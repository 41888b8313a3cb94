"""Taking units into use again."""

import pytest

from central.errors import ConflictError
from central_client import AsyncCentral
from support.place import Place
from support.units import drawn, grow, told


async def test_with_what_went_with_it(owner: AsyncCentral, place: Place) -> None:
    """What was archived with a unit comes back with it; what had been archived before by itself does not."""
    made = await grow(owner, {"Works": {"Sales": {"North": {}, "South": {}}}})
    await owner.units.archive(unit=made["South"].id)
    await owner.units.archive(unit=made["Works"].id)
    restored = await owner.units.restore(unit=made["Works"].id)
    assert restored.archived_at is None
    assert await drawn(owner) == ["Works", "-Sales", "--North"]
    assert {event["unitId"] for event in await told(place, "unit.restored")} == {
        made[name].id for name in ("Works", "Sales", "North")
    }


async def test_below_what_is_archived(owner: AsyncCentral) -> None:
    """Nothing is in use below what is not."""
    made = await grow(owner, {"Works": {"Sales": {}}})
    await owner.units.archive(unit=made["Works"].id)
    with pytest.raises(ConflictError) as refusal:
        await owner.units.restore(unit=made["Sales"].id)
    assert refusal.value.code == "parent_archived"


async def test_what_is_in_use(owner: AsyncCentral, place: Place) -> None:
    """What is not archived stays as it is, without an event."""
    unit = await owner.units.create(name="Works")
    assert await owner.units.restore(unit=unit.id) == unit
    assert await told(place, "unit.restored") == []
