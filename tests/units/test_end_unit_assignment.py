"""Ending assignments."""

from datetime import UTC, datetime

import pytest

from central.errors import ConflictError, NotFoundError, ValidationFailedError
from central.kernel.ids import UnitAssignmentId
from central_client import AsyncCentral
from support.place import Place
from support.units import DAY, told


async def test_now(owner: AsyncCentral, place: Place) -> None:
    """It ends now, which is told at once, and another one may begin; a second end is refused."""
    unit, user = await owner.units.create(name="Sales"), await place.user()
    made = await owner.units.assign(unit=unit.id, user=user.id)
    ended = await owner.units.end_assignment(assignment=made.id)
    assert ended.state == "past"
    assert [event["assignmentId"] for event in await told(place, "unit.assignment_ended")] == [made.id]
    await owner.units.assign(unit=unit.id, user=user.id)
    with pytest.raises(ConflictError) as refusal:
        await owner.units.end_assignment(assignment=made.id)
    assert refusal.value.code == "assignment_past"


async def test_at_a_moment(owner: AsyncCentral, place: Place) -> None:
    """It ends then, not before it began; one that has not begun has nothing to end."""
    unit, user = await owner.units.create(name="Sales"), await place.user()
    moment = datetime.now(UTC) + DAY
    made = await owner.units.assign(unit=unit.id, user=user.id)
    ended = await owner.units.end_assignment(assignment=made.id, at=moment)
    assert (ended.ends_at, ended.state) == (moment, "current")
    assert await told(place, "unit.assignment_ended") == []
    with pytest.raises(ValidationFailedError):
        await owner.units.end_assignment(assignment=made.id, at=made.starts_at)
    future = await owner.units.assign(unit=unit.id, user=user.id, starts_at=moment)
    with pytest.raises(ConflictError) as refusal:
        await owner.units.end_assignment(assignment=future.id)
    assert refusal.value.code == "assignment_future"


async def test_nothing(owner: AsyncCentral) -> None:
    """What is not there does not end."""
    with pytest.raises(NotFoundError):
        await owner.units.end_assignment(assignment=UnitAssignmentId.new())
