"""Deleting units."""

from datetime import UTC, datetime, timedelta

import pytest

from central.errors import ConflictError, NotFoundError
from central.kernel.ids import UnitId
from central_client import AsyncCentral
from central_server.units import lifecycle, policy
from support.place import Place
from support.units import check_paths, drawn, grow, told


async def test_leaf(owner: AsyncCentral, place: Place) -> None:
    """A unit with nothing below it goes; its history stays, and its code is free."""
    unit = await owner.units.create(name="Works", code="W")
    answer = await owner.units.delete(unit=unit.id)
    assert (answer.dry_run, answer.units, answer.names) == (False, 1, ["Works"])
    with pytest.raises(NotFoundError):
        await owner.units.get(unit=unit.id)
    (was,) = [version async for version in owner.units.list_history(unit=unit.id)]
    assert was.valid_until is not None
    await owner.units.create(name="Other", code="w")
    assert [event["unitId"] for event in await told(place, "unit.deleted")] == [unit.id]


async def test_with_units_below(owner: AsyncCentral) -> None:
    """What has units below it stays, unless they are to go too."""
    made = await grow(owner, {"Works": {"Sales": {}}})
    for dry_run in (True, False):
        with pytest.raises(ConflictError) as refusal:
            await owner.units.delete(unit=made["Works"].id, dry_run=dry_run)
        assert refusal.value.code == "unit_has_children"
    assert await drawn(owner) == ["Works", "-Sales"]


async def test_cascade(owner: AsyncCentral, place: Place) -> None:
    """All below goes too; a dry run says the same before, and changes nothing. Events come from the bottom up."""
    made = await grow(owner, {"Works": {"Sales": {"North": {}}, "Plant": {}}, "Trust": {}})
    would = await owner.units.delete(unit=made["Works"].id, cascade=True, dry_run=True)
    assert (would.dry_run, would.units, would.names) == (True, 4, ["Works", "Sales", "Plant", "North"])
    assert len(await drawn(owner)) == 5
    did = await owner.units.delete(unit=made["Works"].id, cascade=True)
    assert (did.dry_run, did.units, did.names) == (False, 4, would.names)
    assert await drawn(owner) == ["Trust"]
    await check_paths(place)
    gone = [event["unitId"] for event in await told(place, "unit.deleted")]
    assert gone == [made[name].id for name in ("North", "Plant", "Sales", "Works")]


async def test_too_many(owner: AsyncCentral, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a transaction should delete are refused."""
    for module in (lifecycle, policy):
        monkeypatch.setattr(module, "MOST_CASCADED", 2)
    made = await grow(owner, {"a": {"b": {"c": {}}}})
    with pytest.raises(ConflictError) as refusal:
        await owner.units.delete(unit=made["a"].id, cascade=True)
    assert refusal.value.code == "too_many_units"


async def test_too_many_assignments(owner: AsyncCentral, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than a transaction should delete are refused, by a dry run too; so many are not."""
    monkeypatch.setattr(policy, "MOST_ASSIGNMENTS_CASCADED", 1)
    made = await grow(owner, {"Works": {"Sales": {}}})
    await owner.units.assign(unit=made["Sales"].id, user=place.owner_user.id)
    second = await owner.units.assign(
        unit=made["Works"].id, user=place.owner_user.id, starts_at=datetime.now(UTC) + timedelta(days=1)
    )
    for dry_run in (True, False):
        with pytest.raises(ConflictError) as refusal:
            await owner.units.delete(unit=made["Works"].id, cascade=True, dry_run=dry_run)
        assert refusal.value.code == "too_many_assignments"
    assert await drawn(owner) == ["Works", "-Sales"]
    await owner.units.remove_assignment(assignment=second.id)
    assert (await owner.units.delete(unit=made["Works"].id, cascade=True)).assignments == 1


async def test_nothing(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """Neither what is absent nor another tenant's is deleted."""
    foreign = await other_tenant.units.create(name="Foreign")
    for unit in (UnitId.new(), foreign.id):
        with pytest.raises(NotFoundError):
            await owner.units.delete(unit=unit, cascade=True)
    assert await other_tenant.units.get(unit=foreign.id) == foreign


async def test_with_assignments(owner: AsyncCentral, place: Place) -> None:
    """What has assignments stays, unless they are to go too; each has an event then."""
    made = await grow(owner, {"Works": {"Sales": {}}})
    assigned = await owner.units.assign(unit=made["Sales"].id, user=place.owner_user.id)
    with pytest.raises(ConflictError) as refusal:
        await owner.units.delete(unit=made["Sales"].id)
    assert refusal.value.code == "unit_has_assignments"
    would = await owner.units.delete(unit=made["Works"].id, cascade=True, dry_run=True)
    assert (would.units, would.assignments) == (2, 1)
    assert (await owner.units.delete(unit=made["Works"].id, cascade=True)).assignments == 1
    assert [event["assignmentId"] for event in await told(place, "unit.assignment_removed")] == [assigned.id]
