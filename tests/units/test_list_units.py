"""Finding units."""

import base64
import json
from typing import Any

import pytest

from central.errors import BadRequestError, ValidationFailedError
from central.kernel.ids import UnitId
from central.units.models import UnitSort
from central_client import AsyncCentral
from support.place import Place
from support.units import grow


async def _names(client: AsyncCentral, **options: Any) -> list[str]:
    return [unit.name async for unit in client.units.list(**options)]


async def test_by_where_they_stand(owner: AsyncCentral) -> None:
    """Those at the top, those directly below one, and those on every level below one."""
    made = await grow(owner, {"Works": {"Sales": {"North": {}}, "Plant": {}}, "Trust": {}})
    assert await _names(owner, top=True) == ["Trust", "Works"]
    assert await _names(owner, parent=made["Works"].id, sort="position") == ["Sales", "Plant"]
    assert await _names(owner, below=made["Works"].id) == ["North", "Plant", "Sales"]
    assert await _names(owner, below=made["North"].id) == []
    assert await _names(owner, parent=UnitId.new()) == []


async def test_by_what_they_are(owner: AsyncCentral) -> None:
    """By kind, by tags, and by whether they are archived; all that is asked must hold."""
    await owner.units.create(name="Head", kind="individual", tags={"region": "north"})
    old = await owner.units.create(name="Old", tags={"region": "north", "size": "s"})
    await owner.units.archive(unit=old.id)
    assert await _names(owner, kind="individual") == ["Head"]
    assert await _names(owner, tag=["region:north"]) == ["Head", "Old"]
    assert await _names(owner, tag=["region:north", "size:s"]) == ["Old"]
    assert await _names(owner, archived=False) == ["Head"]
    assert await _names(owner, archived=True, kind="individual") == []


async def test_by_how_they_begin(owner: AsyncCentral) -> None:
    """The beginning of the name or the code finds a unit without case, and signs stand for themselves."""
    await owner.units.create(name="Sales", code="V-1")
    await owner.units.create(name="Übersee", code="sa-2")
    await owner.units.create(name="100% plant")
    assert await _names(owner, text="sa") == ["Sales", "Übersee"]
    assert await _names(owner, text="ÜBER") == ["Übersee"]
    assert await _names(owner, text="100%") == ["100% plant"]
    assert await _names(owner, text="ales") == []
    assert await _names(owner, text="%") == []


@pytest.mark.parametrize("sort", ["name", "-name", "created_at", "-created_at", "position"])
async def test_pages(owner: AsyncCentral, sort: UnitSort) -> None:
    """Page by page, a list gives each once in its order, also those that are called the same."""
    for name in ("b", "B", "a", "c", "b"):
        await owner.units.create(name=name, tags={"x": "y"})
    whole = [unit.id async for unit in owner.units.list(sort=sort)]
    paged = [unit.id async for unit in owner.units.list(sort=sort, limit=2, tag=["x:y"])]
    assert len(set(whole)) == 5
    assert paged == whole


async def test_what_cannot_be_asked(owner: AsyncCentral) -> None:
    """A tag named twice and a cursor that is none, or of another list, are refused."""
    for _ in range(2):
        await owner.units.create(name="x")
    with pytest.raises(ValidationFailedError):
        await owner.units.list(tag=["a:b", "a:c"]).first_page()
    page = await owner.units.list(limit=1).first_page()
    assert page.next_cursor is not None
    with pytest.raises(BadRequestError):
        await owner.units.list(cursor=page.next_cursor, kind="individual").first_page()
    for key in ("x", "-", "9" * 20, "9" * 19):
        forged = json.dumps([{"sort": "position"}, key, str(UnitId.new().uuid)]).encode()
        with pytest.raises(BadRequestError):
            await owner.units.list(cursor=base64.urlsafe_b64encode(forged).rstrip(b"=").decode()).first_page()


async def test_of_this_tenant_alone(owner: AsyncCentral, other_tenant: AsyncCentral, place: Place) -> None:
    """Another tenant's units are in no list, also not by the id of the one above them."""
    made = await grow(other_tenant, {"Works": {"Sales": {}}})
    assert await _names(owner) == []
    assert await _names(owner, below=made["Works"].id) == []
