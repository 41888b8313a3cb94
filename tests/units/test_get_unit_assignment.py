"""Getting an assignment."""

import pytest

from central.errors import NotFoundError
from central.kernel.ids import UnitAssignmentId
from central_client import AsyncCentral
from support.place import Place


async def test_members_see_who_is_where(owner: AsyncCentral, member: AsyncCentral, place: Place) -> None:
    """Everybody of the tenant sees who is in a unit."""
    unit = await owner.units.create(name="Sales")
    made = await owner.units.assign(unit=unit.id, user=place.owner_user.id)
    assert await member.units.get_assignment(assignment=made.id) == made


async def test_what_is_not_here(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """What is absent and what is another tenant's are not found."""
    unit = await other_tenant.units.create(name="Sales")
    foreign = await other_tenant.units.assign(unit=unit.id, user=(await other_tenant.users.me()).id)
    for assignment in (UnitAssignmentId.new(), foreign.id):
        with pytest.raises(NotFoundError):
            await owner.units.get_assignment(assignment=assignment)
