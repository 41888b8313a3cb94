"""Imports of units: what rows do, in any order, and what stops them."""

from typing import Any

import pytest

from central.errors import NotFoundError
from central.jobs.models import Job, UnitImportResult
from central.kernel.ids import JobId
from central_client import AsyncCentral, JobFailedError
from central_server.jobs import importing
from central_server.units.service import UnitService
from support.exporting import while_working, work_on
from support.importing import errors_of
from support.place import Place
from support.signing_in import run_sql
from support.units import check_paths, drawn, grow, told

ROWS = [
    {"code": "n", "name": "North", "parent": "s"},
    {"code": "S", "name": "Sales", "parent": "W", "tags": {"region": "all"}, "attributes": {"floor": 3}},
    {"code": "w", "name": "Works"},
    {"code": "h", "name": "Head", "parent": "s", "kind": "individual"},
]


async def _imported(place: Place, rows: Any, **how: Any) -> Job:
    return await while_working(place, place.owner.units.import_units(rows, **how))


def _counted(job: Job) -> dict[str, int]:
    assert isinstance(job.result, UnitImportResult)
    names = ("created", "moved", "changed", "unchanged", "archived", "failed")
    return {name: count for name in names if (count := getattr(job.result, name))}


async def test_rows_in_any_order(owner: AsyncCentral, place: Place) -> None:
    """Rows become units below those that they name, whichever comes first; a second time they change nothing."""
    assert _counted(await _imported(place, ROWS)) == {"created": 4}
    assert await drawn(owner) == ["Works", "-Sales", "--North", "--Head"]
    sales = await owner.units.get_by_code(code="s")
    assert (sales.code, sales.tags, sales.attributes) == ("S", {"region": "all"}, {"floor": 3})
    assert (await owner.units.get_by_code(code="h")).single_holder
    await check_paths(place)
    assert _counted(await _imported(place, ROWS)) == {"unchanged": 4}
    assert len(await told(place, "unit.created")) == 4
    assert await told(place, "unit.updated") == await told(place, "unit.moved") == []


async def test_moves_and_changes(owner: AsyncCentral, place: Place) -> None:
    """What is there moves and changes as rows say, also where two change places; what they do not say stays."""
    await _imported(place, ROWS)
    swapped = [
        {"code": "s", "name": "Sales", "parent": "n"},
        {"code": "n", "name": "Northern", "parent": "-"},
        {"code": "w", "name": "Works"},
    ]
    assert _counted(await _imported(place, swapped)) == {"moved": 2, "changed": 2, "unchanged": 1}
    assert await drawn(owner) == ["Works", "Northern", "-Sales", "--Head"]
    assert (await owner.units.get_by_code(code="s")).tags == {"region": "all"}
    await check_paths(place)


async def test_dry_run_says_what_it_would_do(owner: AsyncCentral, place: Place) -> None:
    """A dry run gives a plan that people can read, and changes nothing."""
    await _imported(place, ROWS)
    rows = [
        {"code": "w", "name": "Factory"},
        {"code": "n", "name": "North", "parent": "w"},
        {"code": "x", "name": "New", "parent": "n"},
    ]
    job = await _imported(place, rows, dry_run=True, on_missing="archive", archive_limit=5)
    assert isinstance(job.result, UnitImportResult)
    assert _counted(job) == {"created": 1, "moved": 1, "changed": 1, "archived": 1}
    ids = {code: (await owner.units.get_by_code(code=code)).id for code in ("w", "n", "s")}
    assert job.result.plan == [
        f"change Works ({ids['w']}): name",
        f"move North ({ids['n']}) below Works",
        "create New below North",
        f"archive Sales ({ids['s']}) with all below it",
    ]
    assert await drawn(owner) == ["Works", "-Sales", "--North", "--Head"]


async def test_missing_units_are_archived_if_asked(owner: AsyncCentral, place: Place) -> None:
    """Units of codes that are in no row go, with those below; not beyond the limit, nor what has no code."""
    await _imported(place, ROWS)
    await owner.units.create(name="No code")
    rows = [{"code": "w", "name": "Works"}]
    with pytest.raises(JobFailedError) as failure:
        await _imported(place, rows, on_missing="archive", archive_limit=0)
    assert failure.value.code == "archive_limit"
    assert _counted(await _imported(place, rows, on_missing="archive", archive_limit=1)) == {
        "unchanged": 1,
        "archived": 1,
    }
    assert await drawn(owner) == ["Works", "No code"]


async def test_each_row_has_its_own_errors(owner: AsyncCentral, place: Place) -> None:
    """What is wrong with a row is told with it, and stops those that depend on it and no other."""
    old = await owner.units.create(name="Old", code="old")
    await owner.units.archive(unit=old.id)
    rows = [
        {"code": "a", "name": "A"},
        {"code": "A", "name": "Again"},
        {"code": "b", "name": "B", "parent": "nowhere"},
        {"code": "c", "name": "C", "parent": "b"},
        {"code": "d", "name": "D", "parent": "e"},
        {"code": "e", "name": "E", "parent": "d"},
        {"name": "no code", "else": 1},
        {"code": "f", "name": "F", "parent": "old"},
        {"code": "old", "name": "Renamed"},
        {"code": "unit-01h2xvnz7c9nxwk3tmcrd9qwmn", "name": "Nobody"},
        {"code": "g", "name": "G", "parent": "a"},
    ]
    job = await _imported(place, rows)
    assert _counted(job) == {"created": 2, "failed": 9}
    assert await errors_of(place, job) == [
        (2, "code", "repeated"),
        (3, "parent", "unknown_parent"),
        (4, "parent", "unknown_parent"),
        (5, "parent", "unit_cycle"),
        (6, "parent", "unknown_parent"),
        (7, "code", "missing"),
        (7, "else", "extra_forbidden"),
        (8, "parent", "parent_archived"),
        (9, "code", "unit_archived"),
        (10, "code", "unit_not_found"),
    ]
    assert await drawn(owner) == ["A", "-G"]
    with pytest.raises(JobFailedError) as failure:
        await _imported(place, [{"code": "z", "name": "Z"}, *rows], all_or_nothing=True)
    assert failure.value.code == "rows_with_errors"
    assert await drawn(owner) == ["A", "-G"]


async def test_unit_below_itself(owner: AsyncCentral, place: Place) -> None:
    """A row that would put a unit below what stays below it is an error, though that is in no row."""
    made = await grow(owner, {"Works": {"Sales": {"North": {}}}})
    rows = [{"code": made["Works"].id, "name": "Works", "parent": made["North"].id}]
    job = await _imported(place, rows)
    assert await errors_of(place, job) == [(1, "parent", "unit_cycle")]
    assert await drawn(owner) == ["Works", "-Sales", "--North"]


async def test_it_goes_on_after_a_crash(owner: AsyncCentral, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between two transactions it goes on, and nothing happens twice."""
    monkeypatch.setattr(importing, "_STEPS", 1)
    job = await owner.units.start_import()
    await owner.units.add_import_rows(job=job.id, chunk=0, rows=ROWS[:2])
    await owner.units.add_import_rows(job=job.id, chunk=1, rows=ROWS[2:])
    await owner.units.run_import(job=job.id)
    create, made = UnitService.create_unit, 0

    async def dying(self: UnitService, *given: Any) -> Any:
        nonlocal made
        made += 1
        if made == 3:
            raise ZeroDivisionError
        return await create(self, *given)

    monkeypatch.setattr(UnitService, "create_unit", dying)
    with pytest.raises(ZeroDivisionError):
        await work_on(place, job)
    assert len(await drawn(owner)) == 2
    ended = await work_on(place, job)
    assert (ended.state, _counted(ended)) == ("succeeded", {"created": 4})
    assert await drawn(owner) == ["Works", "-Sales", "--North", "--Head"]
    assert len(await told(place, "unit.created")) == 4


async def test_as_whoever_started_it(place: Place, owner: AsyncCentral) -> None:
    """It does nothing for somebody who may not write units any more."""
    await owner.roles.create(slug="planner", name="Planner", permissions=["units:write", "units:read"])
    user = await place.user("planner")
    client = await place.sign_in(user)
    job = await client.units.start_import()
    await client.units.add_import_rows(job=job.id, chunk=0, rows=ROWS)
    await client.units.run_import(job=job.id)
    await run_sql(place, "UPDATE user_roles SET role = 'member' WHERE user_id = $1", user.id.uuid)
    ended = await work_on(place, job)
    assert ended.error is not None
    assert (ended.state, ended.error.code) == ("failed", "permission_missing")
    assert await drawn(owner) == []


async def test_permission_that_goes_between_plan_and_step(
    place: Place, owner: AsyncCentral, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each transaction judges anew what whoever started it may do."""
    user = await place.user("admin")
    client = await place.sign_in(user)
    job = await client.units.start_import()
    await client.units.add_import_rows(job=job.id, chunk=0, rows=ROWS)
    await client.units.run_import(job=job.id)
    apply = importing.StepImporter._TX_apply

    async def late(self: importing.StepImporter, *given: Any) -> Any:
        await run_sql(place, "UPDATE user_roles SET role = 'member' WHERE user_id = $1", user.id.uuid)
        return await apply(self, *given)

    monkeypatch.setattr(importing.StepImporter, "_TX_apply", late)
    ended = await work_on(place, job)
    assert ended.error is not None
    assert (ended.state, ended.error.code) == ("failed", "permission_missing")
    assert await drawn(owner) == []


async def test_what_is_not_there(owner: AsyncCentral) -> None:
    """Only an import that is there is run."""
    with pytest.raises(NotFoundError):
        await owner.units.run_import(job=JobId.new())
