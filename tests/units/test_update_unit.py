"""Changing what a unit is called and what is known of it."""

import pytest

from central.errors import ConflictError, NotFoundError, ValidationFailedError
from central.kernel.ids import UnitId
from central_client import AsyncCentral
from support.place import Place
from support.units import told


async def test_what_is_given_changes(owner: AsyncCentral, place: Place) -> None:
    """What is absent stays, null clears, attributes merge, tags are replaced; the event tells before and after."""
    unit = await owner.units.create(
        name="Sales", code="S", description="Old", attributes={"a": 1, "b": 2}, tags={"x": "1"}
    )
    changed = await owner.units.update(
        unit=unit.id, name="Marketing", description=None, attributes={"a": None, "c": 3}, tags={"y": "2"}
    )
    assert (changed.name, changed.code, changed.description, changed.version) == ("Marketing", "S", None, 2)
    assert (changed.attributes, changed.tags) == ({"b": 2, "c": 3}, {"y": "2"})
    (event,) = await told(place, "unit.updated")
    changes = {change["field"]: (change["before"], change["after"]) for change in event["changes"]}
    assert changes["name"] == ("Sales", "Marketing")
    assert changes["attributes"] == changes["description"] == (None, None)


async def test_stale_version(owner: AsyncCentral) -> None:
    """Who has seen another version is told so."""
    unit = await owner.units.create(name="Sales")
    await owner.units.update(unit=unit.id, name="One", expected_version=1)
    with pytest.raises(ConflictError) as refusal:
        await owner.units.update(unit=unit.id, name="Two", expected_version=1)
    assert refusal.value.code == "version_conflict"


async def test_taken_code(owner: AsyncCentral) -> None:
    """A code that another unit has is refused; one's own in another case is not."""
    await owner.units.create(name="One", code="ONE")
    unit = await owner.units.create(name="Two", code="two")
    with pytest.raises(ConflictError) as refusal:
        await owner.units.update(unit=unit.id, code="one")
    assert refusal.value.code == "code_taken"
    assert (await owner.units.update(unit=unit.id, code="TWO")).code == "TWO"


async def test_attributes_stay_small(owner: AsyncCentral) -> None:
    """Attributes that fit by themselves are refused where together they do not."""
    unit = await owner.units.create(name="Sales", attributes={"a": "x" * 9000})
    with pytest.raises(ValidationFailedError):
        await owner.units.update(unit=unit.id, attributes={"b": "x" * 9000})


async def test_what_cannot_be(owner: AsyncCentral) -> None:
    """A name cannot be cleared, and what is not there cannot be changed."""
    unit = await owner.units.create(name="Sales")
    with pytest.raises(ValidationFailedError):
        await owner.units.update(unit=unit.id, name=None)
    with pytest.raises(NotFoundError):
        await owner.units.update(unit=UnitId.new(), name="x")
