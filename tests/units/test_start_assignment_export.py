"""Who is in which unit into a file: what is in it, and that importing it again changes nothing."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from central.errors import ForbiddenError, NotFoundError
from central.jobs.models import AssignmentImportResult
from central.kernel.ids import UnitId
from central_client import AsyncCentral
from support.exporting import while_working
from support.place import Place
from support.sessions import grow_stale
from support.units import DAY, grow

START = datetime(2020, 1, 1, tzinfo=UTC)
LATER = datetime(2040, 1, 1, tzinfo=UTC)


async def _exported(place: Place, **how: Any) -> str:
    target = io.BytesIO()
    await while_working(place, place.owner.units.export_assignments(to=target, **how))
    return target.getvalue().decode()


async def _rows(place: Place, **how: Any) -> list[dict[str, str]]:
    return [json.loads(line) for line in (await _exported(place, format="ndjson", **how)).splitlines()]


async def _populate(owner: AsyncCentral, place: Place) -> tuple[str, str]:
    """Put two people into a tree, one of whom an address makes a formula; gives their addresses."""
    made = await grow(owner, {"Works": {"Sales": {}}, "Old": {}})
    sales, old = made["Sales"].id, made["Old"].id
    await owner.units.update(unit=sales, code="s")
    await owner.roles.create(slug="clerk", name="Clerk", permissions=[])
    ada, bob = [await owner.users.create(email=f"{name}@{place.domain}") for name in ("=ada", "bob")]
    await owner.units.assign(unit=sales, user=ada.id, role="clerk", starts_at=START + DAY, ends_at=LATER)
    await owner.units.assign(unit=sales, user=bob.id, starts_at=LATER)
    await owner.units.assign(unit=sales, user=bob.id, starts_at=START, ends_at=START + 2 * DAY)
    await owner.units.assign(unit=made["Works"].id, user=bob.id, starts_at=START)
    await owner.units.assign(unit=old, user=bob.id, starts_at=START)
    await owner.units.archive(unit=old)
    return ada.email, bob.email


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_importing_it_changes_nothing(owner: AsyncCentral, place: Place, tmp_path: Path, kind: Any) -> None:
    """The file says all that an import reads, in both formats, also that there is no end and no role."""
    await _populate(owner, place)
    path = tmp_path / f"people.{kind}"
    path.write_text(await _exported(place, format=kind))
    job = await while_working(place, owner.units.import_assignments(path, on_missing="end", end_limit=0))
    assert isinstance(job.result, AssignmentImportResult)
    assert (job.result.unchanged, job.result.failed) == (3, 0)


async def test_what_is_in_it(owner: AsyncCentral, place: Place) -> None:
    """What holds or is planned in units in use, in the order of the tree, by codes or else ids; no cell is run."""
    ada, bob = await _populate(owner, place)
    works, first, planned = await _rows(place)
    assert works["unit"].startswith("unit-")
    assert (works["user"], works["role"], works["ends_at"]) == (bob, "-", "-")
    assert first == {
        "unit": "s",
        "user": ada,
        "role": "clerk",
        "starts_at": "2020-01-02T00:00:00Z",
        "ends_at": "2040-01-01T00:00:00Z",
    }
    assert (planned["user"], planned["starts_at"]) == (bob, "2040-01-01T00:00:00Z")
    sales = await owner.units.get_by_code(code="s")
    assert await _rows(place, below=sales.id) == [first, planned]
    assert f'"\'{ada}"' in await _exported(place)


async def test_of_a_moment(owner: AsyncCentral, place: Place) -> None:
    """With a moment it has what held then, also in units that are archived by now; an end is not part of it."""
    ada, bob = await _populate(owner, place)
    assert sorted(row["user"] for row in await _rows(place, at=START)) == [bob] * 3
    assert [row["user"] for row in await _rows(place, at=START + DAY)] == [bob, bob, ada, bob]
    assert sorted(row["user"] for row in await _rows(place, at=START + 2 * DAY)) == [ada, bob, bob]
    assert [row["user"] for row in await _rows(place, at=LATER)] == [bob] * 3


async def test_who_may_have_it(place: Place, owner: AsyncCentral) -> None:
    """It takes a fresh sign-in, a unit that is there if one is named, and seeing units as well as people."""
    await owner.roles.create(slug="blind", name="Blind", permissions=["units:read"])
    blind = await place.signed_in("blind")
    with pytest.raises(ForbiddenError) as refusal:
        await blind.units.start_assignment_export()
    assert refusal.value.code == "permission_missing"
    with pytest.raises(NotFoundError):
        await owner.units.start_assignment_export(below=UnitId.new())
    await grow_stale(place, place.owner_user.id)
    with pytest.raises(ForbiddenError) as refusal:
        await owner.units.start_assignment_export()
    assert refusal.value.code == "reauthentication_required"


@pytest.mark.parametrize("left", ["units:read", "users:read"])
async def test_who_may_download_it(place: Place, owner: AsyncCentral, left: Any) -> None:
    """The file is for who may see units and people: whoever sees the job may not have it by one of both."""
    job = await while_working(place, owner.units.export_assignments(to=io.BytesIO()))
    await owner.roles.create(slug="clerk", name="Clerk", permissions=["jobs:read", left])
    clerk = await place.signed_in("clerk")
    assert (await clerk.jobs.get(job=job.id)).file is not None
    with pytest.raises(ForbiddenError) as refusal:
        await clerk.jobs.download(job=job.id, to=io.BytesIO())
    assert refusal.value.code == "permission_missing"
