"""Moving units, with all below them."""

import pytest

from central.errors import ConflictError, NotFoundError
from central.kernel.ids import UnitId
from central.units.models import MOST_LEVELS
from central_client import AsyncCentral
from support.place import Place
from support.units import chain, check_paths, drawn, grow, told


async def test_subtree_goes_along(owner: AsyncCentral, place: Place) -> None:
    """A unit moves with all below it, to another one or to the top, and the event tells from where to where."""
    made = await grow(owner, {"Works": {"Sales": {"North": {"Team": {}}}, "Plant": {}}, "Trust": {}})
    moved = await owner.units.move(unit=made["Sales"].id, parent=made["Trust"].id)
    assert (moved.parent_id, moved.version) == (made["Trust"].id, 2)
    assert await drawn(owner) == ["Works", "-Plant", "Trust", "-Sales", "--North", "---Team"]
    await check_paths(place)
    await owner.units.move(unit=made["North"].id, before=made["Works"].id)
    assert await drawn(owner) == ["North", "-Team", "Works", "-Plant", "Trust", "-Sales"]
    await check_paths(place)
    first, _ = await told(place, "unit.moved")
    changes = {change["field"]: (change["before"], change["after"]) for change in first["changes"]}
    assert changes["parentId"] == (made["Works"].id, made["Trust"].id)


async def test_never_below_itself(owner: AsyncCentral, place: Place) -> None:
    """A unit goes neither below itself nor below what stands below it, and nothing has changed then."""
    made = await grow(owner, {"Works": {"Sales": {"North": {}}}})
    for parent in ("Works", "Sales", "North"):
        with pytest.raises(ConflictError) as refusal:
            await owner.units.move(unit=made["Works"].id, parent=made[parent].id)
        assert refusal.value.code == "unit_cycle"
    assert await drawn(owner) == ["Works", "-Sales", "--North"]
    await check_paths(place)


async def test_within_the_same_parent(owner: AsyncCentral, place: Place) -> None:
    """A move to where it stands already gives it another place there."""
    made = await grow(owner, {"Works": {"a": {}, "b": {"c": {}}}})
    await owner.units.move(unit=made["b"].id, parent=made["Works"].id, before=made["a"].id)
    assert await drawn(owner) == ["Works", "-b", "--c", "-a"]
    await check_paths(place)


async def test_too_deep_with_what_is_below(owner: AsyncCentral, place: Place) -> None:
    """A subtree whose lowest unit would be too deep is refused."""
    made = await grow(owner, {"a": {"b": {}}})
    lowest = await chain(place, MOST_LEVELS - 1)
    with pytest.raises(ConflictError) as refusal:
        await owner.units.move(unit=made["a"].id, parent=lowest)
    assert refusal.value.code == "too_many_levels"
    await owner.units.move(unit=made["b"].id, parent=lowest)
    await check_paths(place)


async def test_to_what_is_not_there(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """Neither what is absent, nor another tenant's, nor what is archived gets anything below it."""
    unit = await owner.units.create(name="Works")
    foreign = await other_tenant.units.create(name="Foreign")
    for parent in (UnitId.new(), foreign.id):
        with pytest.raises(NotFoundError):
            await owner.units.move(unit=unit.id, parent=parent)
    with pytest.raises(NotFoundError):
        await owner.units.move(unit=foreign.id)
    old = await owner.units.create(name="Old")
    await owner.units.archive(unit=old.id)
    with pytest.raises(ConflictError) as refusal:
        await owner.units.move(unit=unit.id, parent=old.id)
    assert refusal.value.code == "parent_archived"
