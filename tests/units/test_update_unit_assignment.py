"""Changing when an assignment holds, and as what."""

from datetime import UTC, datetime

import pytest

from central.errors import ConflictError, ForbiddenError, NotFoundError, ValidationFailedError
from central.kernel.ids import UnitAssignmentId
from central_client import AsyncCentral
from support.place import Place
from support.units import DAY, told


async def test_what_is_given_changes(owner: AsyncCentral, place: Place) -> None:
    """What is absent stays, null clears, and the event tells before and after."""
    unit, user = await owner.units.create(name="Sales"), await place.user()
    now = datetime.now(UTC)
    made = await owner.units.assign(unit=unit.id, user=user.id, role="member", ends_at=now + DAY)
    changed = await owner.units.update_assignment(assignment=made.id, ends_at=None)
    assert (changed.ends_at, changed.role, changed.starts_at, changed.version) == (None, "member", made.starts_at, 2)
    changed = await owner.units.update_assignment(assignment=made.id, role=None, expected_version=2)
    assert changed.role is None
    first, second = await told(place, "unit.assignment_updated")
    assert [change["field"] for change in first["changes"]] == ["endsAt"]
    assert [(c["field"], c["before"], c["after"]) for c in second["changes"]] == [("role", "member", None)]
    with pytest.raises(ConflictError) as refusal:
        await owner.units.update_assignment(assignment=made.id, ends_at=None, expected_version=2)
    assert refusal.value.code == "version_conflict"


async def test_into_another_one(owner: AsyncCentral, place: Place) -> None:
    """A time that another assignment of the same person has is refused, and its own is not in its way."""
    unit, user = await owner.units.create(name="Sales"), await place.user()
    now = datetime.now(UTC)
    first = await owner.units.assign(unit=unit.id, user=user.id, ends_at=now + DAY)
    second = await owner.units.assign(unit=unit.id, user=user.id, starts_at=now + 2 * DAY)
    with pytest.raises(ConflictError, match=second.id) as refusal:
        await owner.units.update_assignment(assignment=first.id, ends_at=now + 3 * DAY)
    assert refusal.value.code == "assignment_overlaps"
    await owner.units.update_assignment(assignment=first.id, ends_at=now + 2 * DAY)
    with pytest.raises(ValidationFailedError):
        await owner.units.update_assignment(assignment=first.id, ends_at=first.starts_at)


async def test_nobody_gives_or_takes_what_they_do_not_hold(owner: AsyncCentral, place: Place) -> None:
    """An administrator neither gives a role that allows more than they may, nor changes who has it."""
    unit, user = await owner.units.create(name="Sales"), await place.user()
    await owner.roles.create(slug="boss", name="Boss", permissions=["tenant:write"])
    plain = await owner.units.assign(unit=unit.id, user=user.id)
    strong = await owner.units.assign(unit=unit.id, user=(await place.user()).id, role="boss")
    admin = await place.signed_in("admin")
    for attempt in (
        admin.units.update_assignment(assignment=plain.id, role="boss"),
        admin.units.update_assignment(assignment=strong.id, role=None),
        admin.units.end_assignment(assignment=strong.id),
    ):
        with pytest.raises(ForbiddenError) as refusal:
            await attempt
        assert refusal.value.code == "permission_not_held"


async def test_nothing(owner: AsyncCentral) -> None:
    """What is not there is not changed."""
    with pytest.raises(NotFoundError):
        await owner.units.update_assignment(assignment=UnitAssignmentId.new(), role=None)
