"""Making units."""

from functools import partial

import pytest

from central.errors import ConflictError, NotFoundError, ValidationFailedError
from central.kernel.ids import UnitId
from central.units.models import MOST_LEVELS, MOST_SIBLINGS
from central_client import AsyncCentral
from support.place import Place
from support.signing_in import run_sql
from support.units import chain, drawn, grow, told


async def test_all_that_is_given_is_kept(owner: AsyncCentral, place: Place) -> None:
    """A unit has what it was made with, stands below its parent, and its making is an event."""
    top = await owner.units.create(name="Works")
    unit = await owner.units.create(
        name="  Sales ",
        parent=top.id,
        description="Sells",
        code="S-1",
        attributes={"floor": 3, "none": None},
        tags={"region": "north"},
    )
    assert (unit.name, unit.parent_id, unit.description, unit.code) == ("Sales", top.id, "Sells", "S-1")
    assert (unit.kind, unit.single_holder, unit.version) == ("organizational", False, 1)
    assert (unit.attributes, unit.tags, unit.archived_at) == ({"floor": 3}, {"region": "north"}, None)
    assert await owner.units.get(unit=unit.id) == unit
    assert [event["unitId"] for event in await told(place, "unit.created")] == [top.id, unit.id]


async def test_post_has_one_holder_unless_it_says_otherwise(owner: AsyncCentral) -> None:
    """A post is held by one person at a time, if nothing else was said."""
    assert (await owner.units.create(name="Head", kind="individual")).single_holder
    assert not (await owner.units.create(name="Clerks", kind="individual", single_holder=False)).single_holder
    assert (await owner.units.create(name="Board", single_holder=True)).single_holder


async def test_place_among_siblings(owner: AsyncCentral) -> None:
    """A unit comes last, or before or behind the sibling that is named."""
    made = await grow(owner, {"b": {}, "d": {}})
    await owner.units.create(name="a", before=made["b"].id)
    await owner.units.create(name="c", after=made["b"].id)
    await owner.units.create(name="e")
    assert await drawn(owner) == ["a", "b", "c", "d", "e"]


async def test_room_is_made_where_there_is_none(owner: AsyncCentral, place: Place) -> None:
    """However many are put between the same two, each has its place, and siblings keep their order."""
    made = await grow(owner, {"first": {}, "last": {}})
    await run_sql(place, "UPDATE units SET position = 0 WHERE id = $1", made["first"].id.uuid)
    await run_sql(place, "UPDATE units SET position = 2 WHERE id = $1", made["last"].id.uuid)
    for name in ("1", "2", "3"):
        await owner.units.create(name=name, before=made["last"].id)
    assert [unit.name async for unit in owner.units.list(top=True, sort="position")] == ["first", "1", "2", "3", "last"]
    assert await drawn(owner) == ["first", "1", "2", "3", "last"]


async def test_sibling_of_elsewhere(owner: AsyncCentral) -> None:
    """A place beside a unit that stands elsewhere, or that is not there, is refused; two places are one too many."""
    made = await grow(owner, {"Works": {"Sales": {}}})
    create = partial(owner.units.create, name="New")
    with pytest.raises(ConflictError) as refusal:
        await create(before=made["Sales"].id)
    assert refusal.value.code == "not_a_sibling"
    with pytest.raises(NotFoundError):
        await create(after=UnitId.new())
    with pytest.raises(ValidationFailedError):
        await create(parent=made["Works"].id, before=made["Sales"].id, after=made["Sales"].id)


async def test_code_is_taken_once(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """A code is unique in its tenant whatever the case, and free in every other one."""
    await owner.units.create(name="Sales", code="s-1")
    with pytest.raises(ConflictError) as refusal:
        await owner.units.create(name="Other", code="S-1")
    assert refusal.value.code == "code_taken"
    assert (await other_tenant.units.create(name="Sales", code="S-1")).code == "S-1"


@pytest.mark.parametrize("code", ["", "-a", "a/b", "a b", ".", "x" * 65, "é"])
async def test_codes_that_are_none(owner: AsyncCentral, code: str) -> None:
    """A code fits into an address as it is."""
    with pytest.raises(ValidationFailedError):
        await owner.units.create(name="Sales", code=code)


async def test_what_is_too_deep(owner: AsyncCentral, place: Place) -> None:
    """A tree has 64 levels and not one more; the error says so."""
    lowest = await chain(place, MOST_LEVELS)
    with pytest.raises(ConflictError, match="64 levels") as refusal:
        await owner.units.create(name="Too deep", parent=lowest)
    assert refusal.value.code == "too_many_levels"


async def test_what_is_too_wide(owner: AsyncCentral, place: Place) -> None:
    """As many stand directly below one as the error says."""
    top = await owner.units.create(name="Works")
    await run_sql(
        place,
        "INSERT INTO units (tenant_id, id, parent_id, kind, name, position, single_holder) "
        "SELECT tenant_id, gen_random_uuid(), id, 'organizational', n, n, false FROM units, "
        f"generate_series(1, {MOST_SIBLINGS}) n WHERE id = $1",
        top.id.uuid,
    )
    with pytest.raises(ConflictError, match="10,000") as refusal:
        await owner.units.create(name="One more", parent=top.id)
    assert refusal.value.code == "too_many_siblings"


async def test_parent_that_is_none(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """What is not there, is another tenant's or is archived, has nothing put below it."""
    foreign = await other_tenant.units.create(name="Foreign")
    for parent in (UnitId.new(), foreign.id):
        with pytest.raises(NotFoundError):
            await owner.units.create(name="New", parent=parent)
    old = await owner.units.create(name="Old")
    await owner.units.archive(unit=old.id)
    with pytest.raises(ConflictError) as refusal:
        await owner.units.create(name="New", parent=old.id)
    assert refusal.value.code == "parent_archived"
