"""Asking why somebody may do something in a unit."""

from datetime import UTC, datetime

import pytest

from central.errors import NotFoundError
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
