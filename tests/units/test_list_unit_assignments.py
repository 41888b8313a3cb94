"""Finding assignments."""

from datetime import UTC, datetime
from typing import Any

from central_client import AsyncCentral
from support.place import Place
from support.units import DAY, grow


async def _listed(client: AsyncCentral, **options: Any) -> list[str]:
    return [made.id async for made in client.units.list_assignments(**options)]


async def test_by_what_is_asked(owner: AsyncCentral, place: Place) -> None:
    """Of a unit, of all below one, of a person, with a role, at a moment, as of now, and those that end soon."""
    made = await grow(owner, {"Works": {"Sales": {}}})
    works, sales = made["Works"].id, made["Sales"].id
    one, two = (await place.user()).id, (await place.user()).id
    await owner.roles.create(slug="clerk", name="Clerk", permissions=[])
    now = datetime.now(UTC)
    assign = owner.units.assign
    past = (await assign(unit=works, user=one, starts_at=now - 3 * DAY, ends_at=now - DAY)).id
    current = (await assign(unit=works, user=one, starts_at=now - DAY, ends_at=now + 5 * DAY, role="clerk")).id
    future = (await assign(unit=sales, user=one, starts_at=now + DAY)).id
    lasting = (await assign(unit=sales, user=two, starts_at=now - 2 * DAY)).id
    assert await _listed(owner) == [future, current, lasting, past]
    assert await _listed(owner, limit=1) == [future, current, lasting, past]
    assert await _listed(owner, unit=works) == [current, past]
    assert await _listed(owner, below=works) == [future, current, lasting, past]
    assert await _listed(owner, below=sales) == [future, lasting]
    assert await _listed(owner, user=two) == [lasting]
    assert await _listed(owner, role="clerk") == [current]
    assert await _listed(owner, at=now - 2 * DAY) == [lasting, past]
    assert await _listed(owner, at=now - DAY) == [current, lasting]
    assert await _listed(owner, state="past") == [past]
    assert await _listed(owner, state="current") == [current, lasting]
    assert await _listed(owner, state="future", user=one) == [future]
    assert await _listed(owner, ending_within_days=4) == []
    assert await _listed(owner, ending_within_days=6) == [current]


async def test_of_this_tenant_alone(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """Another tenant's assignments are in no list."""
    unit = await other_tenant.units.create(name="Sales")
    await other_tenant.units.assign(unit=unit.id, user=(await other_tenant.users.me()).id)
    assert await _listed(owner) == await _listed(owner, unit=unit.id) == await _listed(owner, below=unit.id) == []
