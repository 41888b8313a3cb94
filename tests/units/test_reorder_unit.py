"""Giving units other places among their siblings."""

import pytest

from central.errors import ConflictError, NotFoundError
from central.kernel.ids import UnitId
from central_client import AsyncCentral
from support.place import Place
from support.units import drawn, grow, told


async def test_places(owner: AsyncCentral, place: Place) -> None:
    """Before one, behind one, or last; the parent stays, and the event tells it."""
    made = await grow(owner, {"Works": {"a": {}, "b": {}, "c": {}}})
    await owner.units.reorder(unit=made["c"].id, before=made["a"].id)
    assert await drawn(owner) == ["Works", "-c", "-a", "-b"]
    await owner.units.reorder(unit=made["c"].id, after=made["a"].id)
    assert await drawn(owner) == ["Works", "-a", "-c", "-b"]
    moved = await owner.units.reorder(unit=made["a"].id)
    assert await drawn(owner) == ["Works", "-c", "-b", "-a"]
    assert moved.parent_id == made["Works"].id
    assert [event["unitId"] for event in await told(place, "unit.reordered")] == [
        made[name].id for name in ("c", "c", "a")
    ]


async def test_beside_what_is_no_sibling(owner: AsyncCentral) -> None:
    """Beside itself, a cousin, or nothing, there is no place."""
    made = await grow(owner, {"Works": {"a": {}}, "Trust": {"b": {}}})
    for other in ("a", "b"):
        with pytest.raises(ConflictError) as refusal:
            await owner.units.reorder(unit=made["a"].id, after=made[other].id)
        assert refusal.value.code == "not_a_sibling"
    with pytest.raises(NotFoundError):
        await owner.units.reorder(unit=made["a"].id, after=UnitId.new())
