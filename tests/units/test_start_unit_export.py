"""Units into a file: what is in it, and that importing it again changes nothing."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from central.errors import ForbiddenError, NotFoundError
from central.jobs.models import UnitImportResult
from central.kernel.ids import UnitId
from central_client import AsyncCentral
from support.exporting import while_working
from support.place import Place
from support.sessions import grow_stale
from support.units import drawn, grow


async def _exported(place: Place, **how: Any) -> str:
    target = io.BytesIO()
    await while_working(place, place.owner.units.export_units(to=target, **how))
    return target.getvalue().decode()


async def _populate(owner: AsyncCentral) -> None:
    made = await grow(owner, {"Works": {"Sales": {"North": {}}, "Plant": {}}, "Old": {}})
    await owner.units.update(unit=made["Works"].id, code="W", description="=1+1", tags={"a.b": "+3"})
    await owner.units.update(unit=made["Sales"].id, code="s", attributes={"floor": 3, "in": {"x": "3"}, "text": "3"})
    await owner.units.create(name="Head", parent=made["Sales"].id, kind="individual", single_holder=False)
    await owner.units.archive(unit=made["Old"].id)


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_importing_it_changes_nothing(owner: AsyncCentral, place: Place, tmp_path: Path, kind: Any) -> None:
    """The file has all that an import reads, in both formats."""
    await _populate(owner)
    path = tmp_path / f"units.{kind}"
    path.write_text(await _exported(place, format=kind))
    job = await while_working(place, owner.units.import_units(path))
    assert isinstance(job.result, UnitImportResult)
    assert (job.result.unchanged, job.result.failed) == (5, 0)
    assert await drawn(owner) == ["Works", "-Sales", "--North", "--Head", "-Plant"]


async def test_what_is_in_it(owner: AsyncCentral, place: Place) -> None:
    """The units in use in the order of the tree, by their codes or else ids; a part is one and all below it."""
    await _populate(owner)
    rows = [json.loads(line) for line in (await _exported(place, format="ndjson")).splitlines()]
    assert [row["name"] for row in rows] == ["Works", "Sales", "North", "Head", "Plant"]
    assert (rows[0]["code"], rows[0]["parent"], rows[1]["parent"], rows[2]["parent"]) == ("W", "-", "W", "s")
    assert rows[2]["code"].startswith("unit-")
    sales = await owner.units.get_by_code(code="s")
    part = [json.loads(line) for line in (await _exported(place, format="ndjson", below=sales.id)).splitlines()]
    assert [row["name"] for row in part] == ["Sales", "North", "Head"]
    assert '"\'=1+1"' in await _exported(place)


async def test_who_may_have_it(place: Place, owner: AsyncCentral) -> None:
    """It takes a fresh sign-in; and a unit that is there, if one is named."""
    with pytest.raises(NotFoundError):
        await owner.units.start_export(below=UnitId.new())
    await grow_stale(place, place.owner_user.id)
    with pytest.raises(ForbiddenError) as refusal:
        await owner.units.start_export()
    assert refusal.value.code == "reauthentication_required"
