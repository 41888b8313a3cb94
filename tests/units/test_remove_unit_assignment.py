"""Taking assignments back that have not begun."""

from datetime import UTC, datetime

import pytest

from central.errors import ConflictError, NotFoundError
from central_client import AsyncCentral
from support.place import Place
from support.units import DAY, told


async def test_before_it_begins(owner: AsyncCentral, place: Place) -> None:
    """It is gone, and that is told."""
    unit, user = await owner.units.create(name="Sales"), await place.user()
    made = await owner.units.assign(unit=unit.id, user=user.id, starts_at=datetime.now(UTC) + DAY)
    await owner.units.remove_assignment(assignment=made.id)
    assert [event["assignmentId"] for event in await told(place, "unit.assignment_removed")] == [made.id]
    with pytest.raises(NotFoundError):
        await owner.units.remove_assignment(assignment=made.id)


async def test_after_it_has_begun(owner: AsyncCentral, place: Place) -> None:
    """What has begun is history."""
    unit, user = await owner.units.create(name="Sales"), await place.user()
    made = await owner.units.assign(unit=unit.id, user=user.id)
    with pytest.raises(ConflictError) as refusal:
        await owner.units.remove_assignment(assignment=made.id)
    assert refusal.value.code == "assignment_begun"
