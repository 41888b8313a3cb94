"""Assigning people to units."""

from datetime import UTC, datetime, timedelta

import pytest

from central.errors import ConflictError, ForbiddenError, NotFoundError, ValidationFailedError
from central.kernel.ids import UnitId, UserId
from central_client import AsyncCentral
from support.place import Place
from support.units import DAY, told


async def test_from_now_on(owner: AsyncCentral, place: Place) -> None:
    """An assignment begins now if nothing else is said, and its making and its beginning are told at once."""
    unit, user = await owner.units.create(name="Sales"), await place.user()
    await owner.roles.create(slug="clerk", name="Clerk", permissions=["units:read"])
    made = await owner.units.assign(unit=unit.id, user=user.id, role="clerk")
    assert (made.unit_id, made.user_id, made.role, made.state) == (unit.id, user.id, "clerk", "current")
    assert (made.ends_at, made.created_by, made.version) == (None, place.owner_user.id, 1)
    assert await owner.units.get_assignment(assignment=made.id) == made
    for kind in ("created", "started"):
        (event,) = await told(place, f"unit.assignment_{kind}")
        assert (event["assignmentId"], event["unitId"], event["userId"]) == (made.id, unit.id, user.id)


async def test_from_later_on(owner: AsyncCentral, place: Place) -> None:
    """One that begins later is there, and has not begun."""
    unit, user = await owner.units.create(name="Sales"), await place.user()
    begins = datetime.now(UTC) + DAY
    made = await owner.units.assign(unit=unit.id, user=user.id, starts_at=begins, ends_at=begins + DAY)
    assert (made.state, made.starts_at, made.ends_at) == ("future", begins, begins + DAY)
    assert await told(place, "unit.assignment_started") == []


async def test_nobody_is_in_a_unit_twice_at_once(owner: AsyncCentral, place: Place) -> None:
    """A second time that overlaps is refused, and told which one is in the way; one that follows is not."""
    unit, user = await owner.units.create(name="Sales"), await place.user()
    begins = datetime.now(UTC)
    first = await owner.units.assign(unit=unit.id, user=user.id, starts_at=begins, ends_at=begins + 2 * DAY)
    with pytest.raises(ConflictError, match=first.id) as refusal:
        await owner.units.assign(unit=unit.id, user=user.id, starts_at=begins + DAY)
    assert refusal.value.code == "assignment_overlaps"
    assert user.id in refusal.value.message
    assert (begins + 2 * DAY).isoformat() in refusal.value.message
    await owner.units.assign(unit=unit.id, user=user.id, starts_at=begins + 2 * DAY)
    other = await owner.units.create(name="Plant")
    await owner.units.assign(unit=other.id, user=user.id)


async def test_single_holder(owner: AsyncCentral, place: Place) -> None:
    """A post has one holder at a time: whoever comes too soon is told who is there."""
    post = await owner.units.create(name="Head", kind="individual")
    one, two = await place.user(), await place.user()
    begins = datetime.now(UTC)
    await owner.units.assign(unit=post.id, user=one.id, starts_at=begins, ends_at=begins + DAY)
    with pytest.raises(ConflictError, match=one.id) as refusal:
        await owner.units.assign(unit=post.id, user=two.id)
    assert refusal.value.code == "unit_held"
    await owner.units.assign(unit=post.id, user=two.id, starts_at=begins + DAY)
    await owner.units.update(unit=post.id, single_holder=False)
    await owner.units.assign(unit=post.id, user=(await place.user()).id)


async def test_unit_with_two_does_not_become_one_with_a_single_holder(owner: AsyncCentral, place: Place) -> None:
    """While two hold a unit, it cannot have a single holder."""
    unit = await owner.units.create(name="Sales")
    for _ in range(2):
        await owner.units.assign(unit=unit.id, user=(await place.user()).id)
    with pytest.raises(ConflictError) as refusal:
        await owner.units.update(unit=unit.id, single_holder=True)
    assert refusal.value.code == "unit_held"


async def test_unit_that_two_held_once_may_become_one_with_a_single_holder(owner: AsyncCentral, place: Place) -> None:
    """What is over is in nobody's way, until it is to go on."""
    unit = await owner.units.create(name="Sales")
    one, two = [await owner.units.assign(unit=unit.id, user=(await place.user()).id) for _ in range(2)]
    await owner.units.end_assignment(assignment=one.id)
    await owner.units.update(unit=unit.id, single_holder=True)
    with pytest.raises(ConflictError) as refusal:
        await owner.units.update_assignment(assignment=one.id, ends_at=None)
    assert refusal.value.code == "unit_held"
    await owner.units.end_assignment(assignment=two.id)
    await owner.units.assign(unit=unit.id, user=(await place.user()).id)


async def test_nobody_gives_what_they_do_not_hold(place: Place, owner: AsyncCentral) -> None:
    """An administrator gives in a unit no role that allows more than they may, least of all that of owners."""
    unit, user = await owner.units.create(name="Sales"), await place.user()
    await owner.roles.create(slug="boss", name="Boss", permissions=["tenant:write"])
    admin = await place.signed_in("admin")
    for role, code in (("boss", "permission_not_held"), ("owner", "owner_needed")):
        with pytest.raises(ForbiddenError) as refusal:
            await admin.units.assign(unit=unit.id, user=user.id, role=role)
        assert refusal.value.code == code
    await owner.units.assign(unit=unit.id, user=user.id, role="boss")


async def test_what_cannot_be(owner: AsyncCentral, place: Place, other_tenant: AsyncCentral) -> None:
    """Who, where and as what have to be there; the end is behind the beginning; nobody goes to what is archived."""
    unit, user = await owner.units.create(name="Sales"), await place.user()
    foreign = await other_tenant.units.create(name="Foreign")
    stranger = (await other_tenant.users.me()).id
    for where, who in ((UnitId.new(), user.id), (foreign.id, user.id), (unit.id, UserId.new()), (unit.id, stranger)):
        with pytest.raises(NotFoundError):
            await owner.units.assign(unit=where, user=who)
    with pytest.raises(ValidationFailedError):
        await owner.units.assign(unit=unit.id, user=user.id, role="nobody")
    now = datetime.now(UTC)
    for starts_at, ends_at in ((now, now), (None, now - timedelta(seconds=1))):
        with pytest.raises(ValidationFailedError):
            await owner.units.assign(unit=unit.id, user=user.id, starts_at=starts_at, ends_at=ends_at)
    await owner.units.archive(unit=unit.id)
    with pytest.raises(ConflictError) as refusal:
        await owner.units.assign(unit=unit.id, user=user.id)
    assert refusal.value.code == "unit_archived"


async def test_with_the_user_goes_what_they_held(owner: AsyncCentral, place: Place) -> None:
    """Whoever is deleted is in no unit any more; who is disabled stays where they are. A role in use stays."""
    unit, user = await owner.units.create(name="Sales"), await place.user()
    await owner.roles.create(slug="clerk", name="Clerk", permissions=[])
    made = await owner.units.assign(unit=unit.id, user=user.id, role="clerk")
    await owner.users.disable(user=user.id)
    assert (await owner.units.get_assignment(assignment=made.id)).state == "current"
    with pytest.raises(ConflictError) as refusal:
        await owner.roles.delete(role="clerk")
    assert refusal.value.code == "role_in_use"
    await (await place.sign_in(place.owner_user)).users.delete(user=user.id)
    with pytest.raises(NotFoundError):
        await owner.units.get_assignment(assignment=made.id)
