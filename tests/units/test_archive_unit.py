"""Taking units out of use."""

import pytest

from central.errors import ConflictError, NotFoundError
from central.kernel.ids import UnitId
from central.units import models
from central_client import AsyncCentral
from central_server.units import lifecycle, policy
from support.place import Place
from support.units import drawn, grow, told


async def test_with_all_below(owner: AsyncCentral, place: Place) -> None:
    """What stands below is archived too, each with an event, and no chart of today shows it unless it is asked to."""
    made = await grow(owner, {"Works": {"Sales": {"North": {}}, "Plant": {}}})
    archived = await owner.units.archive(unit=made["Sales"].id)
    assert archived.archived_at is not None
    assert (await owner.units.get(unit=made["North"].id)).archived_at == archived.archived_at
    assert await drawn(owner) == ["Works", "-Plant"]
    assert await drawn(owner, archived=True) == ["Works", "-Sales", "--North", "-Plant"]
    events = await told(place, "unit.archived")
    assert {event["unitId"] for event in events} == {made["Sales"].id, made["North"].id}


async def test_twice(owner: AsyncCentral, place: Place) -> None:
    """What is archived already stays as it is, without an event."""
    unit = await owner.units.create(name="Works")
    once = await owner.units.archive(unit=unit.id)
    assert await owner.units.archive(unit=unit.id) == once
    assert len(await told(place, "unit.archived")) == 1


async def test_too_many(owner: AsyncCentral, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a transaction should change are refused, and nothing is archived."""
    for module in (lifecycle, policy):
        monkeypatch.setattr(module, "MOST_CASCADED", 2)
    assert models.MOST_CASCADED == 5_000
    made = await grow(owner, {"a": {"b": {"c": {}}}})
    with pytest.raises(ConflictError) as refusal:
        await owner.units.archive(unit=made["a"].id)
    assert refusal.value.code == "too_many_units"
    assert await drawn(owner) == ["a", "-b", "--c"]


async def test_nothing(owner: AsyncCentral) -> None:
    """What is not there is not archived."""
    with pytest.raises(NotFoundError):
        await owner.units.archive(unit=UnitId.new())
