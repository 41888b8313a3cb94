"""The chart as of a moment."""

from datetime import UTC, datetime, timedelta

import pytest

from central.errors import BadRequestError, NotFoundError
from central.kernel.ids import UnitId
from central_client import AsyncCentral
from support.units import drawn, grow


async def test_today_in_the_order_of_the_tree(owner: AsyncCentral) -> None:
    """Each unit stands behind the one above it, and siblings in their order."""
    await grow(owner, {"Works": {"Sales": {"North": {}, "South": {}}, "Plant": {}}, "Trust": {}})
    assert await drawn(owner) == ["Works", "-Sales", "--North", "--South", "-Plant", "Trust"]


async def test_as_it_was(owner: AsyncCentral) -> None:
    """A chart of a moment shows what was then: names, places, what is deleted since, and not what came later."""
    made = await grow(owner, {"Works": {"Sales": {"North": {}}, "Plant": {}}})
    nothing = (await owner.units.list_history(unit=made["Works"].id).first_page()).items[0].valid_from
    then = datetime.now(UTC)
    await owner.units.move(unit=made["North"].id, parent=made["Plant"].id)
    await owner.units.update(unit=made["Plant"].id, name="Factory")
    await owner.units.reorder(unit=made["Plant"].id, before=made["Sales"].id)
    await owner.units.delete(unit=made["Sales"].id)
    await owner.units.create(name="New")
    assert await drawn(owner, at=then) == ["Works", "-Sales", "--North", "-Plant"]
    assert await drawn(owner) == ["Works", "-Factory", "--North", "New"]
    assert await drawn(owner, at=nothing) == ["Works"]
    assert await drawn(owner, at=nothing - timedelta(microseconds=1)) == []


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_go_on_where_they_ended(owner: AsyncCentral, limit: int) -> None:
    """Page by page a chart is the same, also where it goes up several levels between two."""
    tree = {"a": {"b": {"c": {"d": {}}}, "e": {}}, "f": {"g": {"h": {}}}, "i": {}}
    await grow(owner, tree)
    whole = await drawn(owner)
    assert whole == ["a", "-b", "--c", "---d", "-e", "f", "-g", "--h", "i"]
    assert await drawn(owner, limit=limit) == whole


async def test_all_pages_are_of_one_moment(owner: AsyncCentral) -> None:
    """What changes while somebody reads page after page is in none of them."""
    made = await grow(owner, {"a": {}, "b": {}, "c": {}})
    page = await owner.units.as_of(limit=1).first_page()
    await owner.units.delete(unit=made["b"].id)
    await owner.units.create(name="d")
    rest = await owner.units.as_of(limit=5, cursor=page.next_cursor).first_page()
    assert [unit.name for unit in rest.chart_units] == ["b", "c"]
    assert rest.at == page.at


async def test_part(owner: AsyncCentral) -> None:
    """A part begins with its own top, keeps its level, and ends with its last unit."""
    made = await grow(owner, {"a": {"b": {"c": {"d": {}}, "e": {}}, "f": {}}, "g": {}})
    for limit in (1, 2, 50):
        assert await drawn(owner, below=made["b"].id, limit=limit) == ["-b", "--c", "---d", "--e"]
    with pytest.raises(NotFoundError):
        await drawn(owner, below=UnitId.new())


async def test_cursor_of_another_chart(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """A cursor that leads to nothing here is refused."""
    await grow(owner, {"a": {}, "b": {}})
    await grow(other_tenant, {"a": {}, "b": {}})
    page = await other_tenant.units.as_of(limit=1).first_page()
    with pytest.raises(BadRequestError):
        await owner.units.as_of(cursor=page.next_cursor).first_page()
