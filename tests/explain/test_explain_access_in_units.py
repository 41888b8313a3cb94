"""Asking why somebody may do something in a unit."""

from datetime import UTC, datetime

import pytest

from central.errors import ForbiddenError, NotFoundError, ValidationFailedError
from central.kernel.ids import UnitId
from central_client import AsyncCentral
from support.place import Place
from support.units import DAY, grow


async def test_it_shows_the_way(owner: AsyncCentral, place: Place) -> None:
    """It names the assignment, the unit above, the role and its end; without a unit, roles in units do not count."""
    made = await grow(owner, {"Works": {"Sales": {"North": {}}}})
    await owner.roles.create(slug="lead", name="Lead", permissions=["units:write"], reach="subtree")
    user = await place.user()
    ends = datetime.now(UTC) + DAY
    held = await owner.units.assign(unit=made["Works"].id, user=user.id, role="lead", ends_at=ends)
    told = await owner.explain.access(user=user.id, operation="units.update", unit=made["North"].id)
    assert (told.allowed, told.permission, told.by_roles) == (True, "units:write", ["lead"])
    assert (told.by_assignment, told.by_unit, told.until) == (held.id, made["Works"].id, ends)
    assert made["Works"].id in told.reason
    assert not (await owner.explain.access(user=user.id, operation="units.update")).allowed
    here = await owner.explain.access(user=user.id, operation="units.update", unit=made["Works"].id)
    assert "this unit" in here.reason
    assert not (await owner.explain.access(user=user.id, operation="units.archive", unit=made["Works"].id)).allowed
    assert not (await owner.explain.access(user=user.id, operation="users.create", unit=made["Works"].id)).allowed
    await owner.users.disable(user=user.id)
    assert not (await owner.explain.access(user=user.id, operation="units.update", unit=made["North"].id)).allowed


async def test_roles_in_the_tenant_come_first(owner: AsyncCentral, place: Place) -> None:
    """Who may do it everywhere may do it there, by those roles."""
    unit = await owner.units.create(name="Works")
    told = await owner.explain.access(user=place.owner_user.id, operation="units.update", unit=unit.id)
    assert (told.allowed, told.by_roles, told.by_assignment) == (True, ["owner"], None)


async def test_unit_that_is_not_here(owner: AsyncCentral, place: Place) -> None:
    """A unit has to be there."""
    with pytest.raises(NotFoundError):
        await owner.explain.access(user=place.owner_user.id, operation="units.update", unit=UnitId.new())


async def test_both_ends_of_a_move(owner: AsyncCentral, place: Place) -> None:
    """A move takes a way above the unit, and one where it goes; each is shown, and the one that ends first counts."""
    made = await grow(owner, {"Works": {"Sales": {"North": {}}, "Plant": {"Floor": {}}}})
    await owner.roles.create(slug="lead", name="Lead", permissions=["units:write"], reach="subtree")
    await owner.roles.create(slug="chief", name="Chief", permissions=["units:write"], reach="subtree")
    user = await place.user()
    ends = datetime.now(UTC) + DAY
    sales = await owner.units.assign(unit=made["Sales"].id, user=user.id, role="lead")
    move = {"user": user.id, "operation": "units.move", "unit": made["North"].id}
    out = await owner.explain.access(**move, parent=made["Floor"].id)
    assert (out.allowed, out.by_roles, out.by_assignment) == (False, [], None)
    assert [(way.end, way.unit_id, way.allowed, way.by_assignment) for way in out.ways] == [
        ("unit", made["North"].id, True, sales.id),
        ("parent", made["Floor"].id, False, None),
    ]
    assert f"below {made['Floor'].id}" in out.reason
    plant = await owner.units.assign(unit=made["Plant"].id, user=user.id, role="chief", ends_at=ends)
    both = await owner.explain.access(**move, parent=made["Floor"].id)
    assert (both.allowed, both.by_roles, both.by_assignment) == (True, ["lead", "chief"], sales.id)
    assert (both.until, [way.by_unit for way in both.ways]) == (ends, [made["Sales"].id, made["Plant"].id])
    assert (both.ways[1].by_assignment, both.ways[1].until) == (plant.id, ends)
    assert f"lead in {made['Sales'].id}, which is above this unit" in both.reason
    assert f"chief in {made['Plant'].id}, which is above the one to go below" in both.reason
    into = await owner.explain.access(**move, parent=made["Plant"].id)
    assert "chief in the one to go below" in into.reason
    back = await owner.explain.access(**{**move, "unit": made["Plant"].id}, parent=made["North"].id)
    assert ([way.allowed for way in back.ways], back.allowed) == ([False, True], False)
    assert f"take {made['Plant'].id} from where it is" in back.reason


async def test_move_to_the_top(owner: AsyncCentral, place: Place) -> None:
    """Without a place to go it is the top, where no role in a unit reaches; as the move itself says."""
    made = await grow(owner, {"Works": {"Sales": {}}})
    await owner.roles.create(slug="lead", name="Lead", permissions=["units:write"], reach="subtree")
    user = await place.user()
    await owner.units.assign(unit=made["Works"].id, user=user.id, role="lead")
    told = await owner.explain.access(user=user.id, operation="units.move", unit=made["Sales"].id)
    assert (told.allowed, [way.allowed for way in told.ways]) == (False, [True, False])
    assert "to the top" in told.reason
    client = await place.sign_in(user)
    with pytest.raises(ForbiddenError):
        await client.units.move(unit=made["Sales"].id)


async def test_place_to_go_that_is_not_here(owner: AsyncCentral, place: Place, other_tenant: AsyncCentral) -> None:
    """The unit to go below has to be there, too, and here; and something has to go there."""
    unit = await owner.units.create(name="Works")
    foreign = await other_tenant.units.create(name="Foreign")
    for parent in (UnitId.new(), foreign.id):
        with pytest.raises(NotFoundError):
            await owner.explain.access(user=place.owner_user.id, operation="units.move", unit=unit.id, parent=parent)
    for operation in ("units.update", "users.create"):
        with pytest.raises(ValidationFailedError):
            await owner.explain.access(user=place.owner_user.id, operation=operation, unit=unit.id, parent=unit.id)
