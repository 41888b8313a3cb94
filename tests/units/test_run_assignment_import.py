"""Imports of who is in which unit: what rows do, in any order, and what stops them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from central.errors import NotFoundError
from central.jobs.models import AssignmentImportResult, Job
from central.kernel.ids import JobId, UnitId, UserId
from central.units.assignments import UnitAssignment
from central_client import AsyncCentral, JobFailedError
from central_server.assignment_imports import turns
from central_server.jobs import importing
from central_server.units.assignments import UnitAssignments
from support.exporting import while_working, work_on
from support.importing import errors_of
from support.place import Place
from support.signing_in import run_sql
from support.units import DAY, told

Held = tuple[str, str | None, datetime, datetime | None]


async def _imported(place: Place, rows: Any, **how: Any) -> Job:
    return await while_working(place, place.owner.units.import_assignments(rows, **how))


def _counted(job: Job) -> dict[str, int]:
    assert isinstance(job.result, AssignmentImportResult)
    names = ("created", "changed", "unchanged", "ended", "failed")
    return {name: count for name in names if (count := getattr(job.result, name))}


def _plan(job: Job) -> list[str]:
    assert isinstance(job.result, AssignmentImportResult)
    return job.result.plan


async def _people(place: Place, *names: str) -> dict[str, UserId]:
    """Create people of these names; their addresses begin so."""
    made = [await place.owner.users.create(email=f"{name}@{place.domain}") for name in names]
    return dict(zip(names, [user.id for user in made], strict=True))


async def _held(owner: AsyncCentral, unit: UnitId) -> list[UnitAssignment]:
    """Give who is, was and will be in a unit, those that begin first first."""
    return [one async for one in owner.units.list_assignments(unit=unit)][::-1]


def _at(day: int) -> datetime:
    """Give a moment so many days from the beginning of 2030, which is to come."""
    return datetime(2030, 1, 1, tzinfo=UTC) + day * DAY


async def _plans(place: Place, rows: Any, **how: Any) -> list[str]:
    return _plan(await _imported(place, rows, dry_run=True, **how))


async def test_rows_in_any_order(owner: AsyncCentral, place: Place) -> None:
    """Rows become assignments, by codes or ids and by addresses or ids; a second time they change nothing."""
    sales = await owner.units.create(name="Sales", code="S")
    plant = await owner.units.create(name="Plant")
    people = await _people(place, "ada", "bob")
    await owner.roles.create(slug="clerk", name="Clerk", permissions=[])
    rows = [
        {"unit": "s", "user": f"ADA@{place.domain}", "role": "clerk"},
        {"unit": plant.id.lower(), "user": people["ada"], "starts_at": _at(9), "ends_at": _at(12)},
        {"unit": plant.id, "user": f"ada@{place.domain}", "starts_at": _at(3), "ends_at": _at(9)},
        {"unit": "S", "user": people["bob"].lower(), "role": "-", "ends_at": "-"},
    ]
    assert _counted(await _imported(place, rows)) == {"created": 4}
    ada, bob = await _held(owner, sales.id)
    assert (ada.user_id, ada.role, ada.state, ada.ends_at) == (people["ada"], "clerk", "current", None)
    assert (ada.created_by, bob.user_id, bob.role) == (place.owner_user.id, people["bob"], None)
    assert [(one.starts_at, one.ends_at) for one in await _held(owner, plant.id)] == [
        (_at(3), _at(9)),
        (_at(9), _at(12)),
    ]
    assert _counted(await _imported(place, rows)) == {"unchanged": 4}
    assert _counted(await _imported(place, rows, on_missing="end", end_limit=0)) == {"unchanged": 4}
    assert len(await told(place, "unit.assignment_created")) == 4
    assert await told(place, "unit.assignment_updated") == []


async def test_which_assignment_a_row_is_about(owner: AsyncCentral, place: Place) -> None:
    """That which begins so, else the one of that time, without a beginning the present one: what is not said stays."""
    unit = await owner.units.create(name="Sales", code="s")
    ada = (await _people(place, "ada"))["ada"]
    await owner.roles.create(slug="clerk", name="Clerk", permissions=[])
    past = await owner.units.assign(unit=unit.id, user=ada, starts_at=_at(-9000), ends_at=_at(-8000))
    now = await owner.units.assign(unit=unit.id, user=ada, role="clerk", starts_at=_at(-7000), ends_at=_at(5))
    later = await owner.units.assign(unit=unit.id, user=ada, starts_at=_at(5), ends_at=_at(9))
    row = {"unit": "s", "user": ada}
    rows = [
        {**row, "starts_at": _at(6), "role": "clerk"},
        {**row, "ends_at": _at(4)},
        {**row, "starts_at": _at(-9000), "ends_at": _at(-8500)},
    ]
    assert _counted(await _imported(place, rows)) == {"changed": 3}
    assert [(one.id, one.role, one.starts_at, one.ends_at) for one in await _held(owner, unit.id)] == [
        (past.id, None, _at(-9000), _at(-8500)),
        (now.id, "clerk", _at(-7000), _at(4)),
        (later.id, "clerk", _at(6), _at(9)),
    ]
    assert _counted(await _imported(place, rows)) == {"unchanged": 3}
    assert _counted(await _imported(place, [{**row, "ends_at": "-", "role": "-", "starts_at": _at(6)}])) == {
        "changed": 1
    }
    assert [(one.role, one.ends_at) for one in await _held(owner, unit.id)][2] == (None, None)
    assert _counted(await _imported(place, [{**row, "ends_at": _at(-1600)}])) == {"changed": 1}
    assert (await owner.units.get_assignment(assignment=now.id)).state == "past"


async def test_people_by_what_a_system_calls_them(owner: AsyncCentral, place: Place) -> None:
    """With a `source`, rows name people by its external ids, just as they are, and not by addresses; ids always."""
    unit = await owner.units.create(name="Sales", code="s")
    people = await _people(place, "ada", "bob")
    await owner.users.set_external_id(user=people["ada"], source="hr", value="A-1")
    names = ["A-1", "a-1", f"ada@{place.domain}", people["bob"]]
    job = await _imported(place, [{"unit": "s", "user": name} for name in names], source="hr")
    assert _counted(job) == {"created": 2, "failed": 2}
    assert await errors_of(place, job) == [(2, "user", "unknown_user"), (3, "user", "unknown_user")]
    assert {one.user_id for one in await _held(owner, unit.id)} == set(people.values())


async def test_address_that_is_only_said_to_be_theirs(owner: AsyncCentral, place: Place) -> None:
    """An address counts that is the primary one, or was verified; another one is nobody's."""
    unit = await owner.units.create(name="Sales", code="s")
    ada = (await _people(place, "ada"))["ada"]
    await owner.emails.add(user=ada, email=f"other@{place.domain}")
    job = await _imported(place, [{"unit": unit.id, "user": f"other@{place.domain}"}])
    assert await errors_of(place, job) == [(1, "user", "unknown_user")]


async def test_dry_run_says_what_it_would_do(owner: AsyncCentral, place: Place) -> None:
    """A dry run gives a plan that people can read, ends before changes before what is new, and changes nothing."""
    unit = await owner.units.create(name="Sales", code="s")
    people = await _people(place, "ada", "bob", "cyd")
    await owner.roles.create(slug="sales-lead", name="Lead", permissions=[])
    await owner.units.assign(unit=unit.id, user=people["ada"], role="sales-lead", starts_at=_at(-7000))
    await owner.units.assign(unit=unit.id, user=people["bob"], role="sales-lead")
    rows = [
        {"unit": "s", "user": people["cyd"], "role": "sales-lead", "starts_at": _at(1), "ends_at": _at(2)},
        {"unit": "s", "user": people["ada"], "role": "-", "starts_at": _at(-6999), "ends_at": _at(1)},
    ]
    job = await _imported(place, rows, dry_run=True, on_missing="end", end_limit=1)
    assert _counted(job) == {"created": 1, "changed": 1, "ended": 1}
    assert _plan(job) == [
        f"end bob@{place.domain} in Sales as sales-lead",
        f"change ada@{place.domain} in Sales: without a role, from 2010-11-03T00:00:00Z, until 2030-01-02T00:00:00Z",
        f"assign cyd@{place.domain} to Sales as sales-lead from 2030-01-02T00:00:00Z until 2030-01-03T00:00:00Z",
    ]
    (line,) = await _plans(place, [{"unit": "s", "user": people["cyd"]}])
    assert line == f"assign cyd@{place.domain} to Sales from now"
    assert [one.version for one in await _held(owner, unit.id)] == [1, 1]
    assert len(await told(place, "unit.assignment_created")) == 2


async def test_what_is_in_no_row_ends_if_asked(owner: AsyncCentral, place: Place) -> None:
    """What holds now in units that rows name ends, up to the limit; not what is planned, nor in other units."""
    sales, plant = [await owner.units.create(name=name, code=name) for name in ("sales", "plant")]
    people = await _people(place, "ada", "bob", "cyd")
    kept = await owner.units.assign(unit=sales.id, user=people["ada"])
    gone = await owner.units.assign(unit=sales.id, user=people["bob"])
    planned = await owner.units.assign(unit=sales.id, user=people["cyd"], starts_at=_at(1))
    elsewhere = await owner.units.assign(unit=plant.id, user=people["bob"])
    rows = [{"unit": "sales", "user": people["ada"]}]
    with pytest.raises(JobFailedError) as failure:
        await _imported(place, rows, on_missing="end", end_limit=0)
    assert failure.value.code == "end_limit"
    with pytest.raises(JobFailedError) as failure:
        await _imported(place, [*rows, {"unit": "sales", "user": "nobody"}], on_missing="end", end_limit=9)
    assert failure.value.code == "rows_with_errors"
    assert _counted(await _imported(place, rows)) == {"unchanged": 1}
    assert (await owner.units.get_assignment(assignment=gone.id)).state == "current"
    assert _counted(await _imported(place, rows, on_missing="end", end_limit=1)) == {"unchanged": 1, "ended": 1}
    states = [(await owner.units.get_assignment(assignment=one.id)).state for one in (kept, gone, planned, elsewhere)]
    assert states == ["current", "past", "future", "current"]
    assert [event["assignmentId"] for event in await told(place, "unit.assignment_ended")] == [gone.id]


async def test_what_came_after_the_import_was_started_stays(owner: AsyncCentral, place: Place) -> None:
    """An import ends nothing that it could not know of."""
    unit = await owner.units.create(name="Sales", code="s")
    people = await _people(place, "ada", "bob")
    job = await owner.units.start_assignment_import(on_missing="end", end_limit=9)
    await owner.units.add_assignment_import_rows(job=job.id, chunk=0, rows=[{"unit": "s", "user": people["ada"]}])
    await owner.units.assign(unit=unit.id, user=people["bob"])
    await owner.units.run_assignment_import(job=job.id)
    assert _counted(await work_on(place, job)) == {"created": 1}


async def test_hand_over_of_a_single_holder(owner: AsyncCentral, place: Place) -> None:
    """One ends before the next begins, whichever row comes first; also where nothing is said of whoever was there."""
    post = await owner.units.create(name="Head", code="h", kind="individual")
    people = await _people(place, "ada", "bob", "cyd")
    held = await owner.units.assign(unit=post.id, user=people["ada"], starts_at=_at(-7000))
    rows = [
        {"unit": "h", "user": people["bob"], "starts_at": _at(5)},
        {"unit": "h", "user": people["ada"], "ends_at": _at(5)},
    ]
    assert _counted(await _imported(place, rows)) == {"created": 1, "changed": 1}
    assert (await owner.units.get_assignment(assignment=held.id)).ends_at == _at(5)
    rows = [{"unit": "h", "user": people["cyd"], "ends_at": _at(4)}, {"unit": "h", "user": people["bob"]}]
    assert await errors_of(place, await _imported(place, rows[:1])) == [(1, "", "unit_held")]
    # Bob's row has no beginning, and so is about what is planned: it does not make him the holder now.
    assert _counted(await _imported(place, rows, on_missing="end", end_limit=1)) == {
        "created": 1,
        "unchanged": 1,
        "ended": 1,
    }
    assert [one.user_id for one in await _held(owner, post.id)] == [people[name] for name in ("ada", "cyd", "bob")]


@pytest.mark.parametrize("days", [3, -3])
async def test_all_go_on_to_other_times(owner: AsyncCentral, place: Place, days: int) -> None:
    """Where each needs the time that the next one leaves, they go one after the other, in either direction."""
    post = await owner.units.create(name="Head", code="h", kind="individual")
    people = list((await _people(place, *"abcd")).values())
    for number, user in enumerate(people):
        await owner.units.assign(unit=post.id, user=user, starts_at=_at(10 + number * 5), ends_at=_at(15 + number * 5))
    moved = [
        {
            "unit": "h",
            "user": user,
            "starts_at": _at(10 + number * 5 + days),
            "ends_at": _at(15 + number * 5 + days),
        }
        for number, user in enumerate(people)
    ]
    assert _counted(await _imported(place, moved[1:3] + moved[:1] + moved[3:])) == {"changed": 4}
    assert [one.starts_at for one in await _held(owner, post.id)] == [_at(10 + n * 5 + days) for n in range(4)]


async def test_two_who_change_places(owner: AsyncCentral, place: Place) -> None:
    """Who is there already is not taken away by a row about another time: both are told that the unit is held."""
    post = await owner.units.create(name="Head", code="h", kind="individual")
    people = await _people(place, "ada", "bob")
    for user, day in ((people["ada"], 0), (people["bob"], 5)):
        await owner.units.assign(unit=post.id, user=user, starts_at=_at(day), ends_at=_at(day + 5))
    rows = [
        {"unit": "h", "user": people["ada"], "starts_at": _at(4), "ends_at": _at(10)},
        {"unit": "h", "user": people["bob"], "starts_at": _at(0), "ends_at": _at(4)},
    ]
    job = await _imported(place, rows)
    assert [code for _, _, code in await errors_of(place, job)] == ["unit_held", "unit_held"]
    assert [one.version for one in await _held(owner, post.id)] == [1, 1]


async def test_each_row_has_its_own_errors(owner: AsyncCentral, place: Place, other_tenant: AsyncCentral) -> None:
    """What is wrong with a row is told with it, and stops no other; neither in a dry run nor else."""
    unit = await owner.units.create(name="Sales", code="s")
    old = await owner.units.create(name="Old", code="old")
    await owner.units.archive(unit=old.id)
    post = await owner.units.create(name="Head", code="h", kind="individual")
    foreign = await other_tenant.units.create(name="Foreign", code="f")
    stranger = await other_tenant.users.me()
    people = await _people(place, "ada", "bob")
    ada = people["ada"]
    rows = [
        {"unit": "s", "user": ada},
        {"unit": "s", "user": ada, "starts_at": _at(5)},
        {"unit": foreign.id, "user": ada},
        {"unit": "f", "user": ada},
        {"unit": "s", "user": stranger.id},
        {"unit": "s", "user": stranger.email},
        {"unit": "s", "user": people["bob"], "role": "nobody"},
        {"unit": "s", "user": people["bob"], "role": "No role"},
        {"unit": "s", "user": people["bob"], "startsAt": _at(5), "ends_at": _at(5)},
        {"unit": "s", "user": people["bob"], "ends_at": _at(-5000)},
        {"unit": "s", "user": people["bob"], "ends_at": "soon"},
        {"unit": "s", "user": people["bob"], "starts_at": "2030-01-01T00:00:00"},
        {"unit": "old", "user": ada},
        {"user": "a\nb", "else": 1},
        {"unit": "h", "user": ada, "starts_at": _at(1)},
        {"unit": "h", "user": people["bob"], "starts_at": _at(2)},
        {"unit": "s", "user": people["bob"], "ends_at": "0001-01-01T00:00:00Z"},
    ]
    wrong = [
        (2, "", "assignment_overlaps"),
        (3, "unit", "unknown_unit"),
        (4, "unit", "unknown_unit"),
        (5, "user", "unknown_user"),
        (6, "user", "unknown_user"),
        (7, "role", "unknown_role"),
        (8, "role", "string_pattern_mismatch"),
        (9, "endsAt", "ends_before_start"),
        (10, "endsAt", "ends_before_start"),
        (11, "endsAt", "datetime_from_date_parsing"),
        (12, "startsAt", "timezone_aware"),
        (13, "unit", "unit_archived"),
        (14, "unit", "missing"),
        (14, "user", "control_character"),
        (14, "else", "extra_forbidden"),
        (16, "", "unit_held"),
        (17, "endsAt", "ends_before_start"),
    ]
    for dry_run in (True, False):
        job = await _imported(place, rows, dry_run=dry_run)
        assert sorted(await errors_of(place, job)) == sorted(wrong)
        assert _counted(job) == {"created": 2, "failed": 15}
    with pytest.raises(JobFailedError) as failure:
        await _imported(place, [{"unit": "s", "user": people["bob"]}, *rows[2:]], all_or_nothing=True)
    assert failure.value.code == "rows_with_errors"
    assert len(await _held(owner, unit.id)) == len(await _held(owner, post.id)) == 1


async def test_rows_that_make_each_other_impossible(
    owner: AsyncCentral, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that waits for one with an error has one, too, however many there are; no round of looking is endless."""
    post = await owner.units.create(name="Head", code="h", kind="individual")
    people = list((await _people(place, *"abcd")).values())
    for number, user in enumerate(people):
        await owner.units.assign(unit=post.id, user=user, starts_at=_at(number * 5), ends_at=_at(number * 5 + 5))
    rows = [
        {"unit": "h", "user": user, "starts_at": _at(number * 5 + 3), "ends_at": _at(number * 5 + 8)}
        for number, user in enumerate(people[:3])
    ]
    for rounds in (20, 2):
        monkeypatch.setattr(turns, "_MOST_ROUNDS", rounds)
        for dry_run in (True, False):
            assert _counted(await _imported(place, rows, dry_run=dry_run)) == {"failed": 3}
    assert [one.version for one in await _held(owner, post.id)] == [1] * 4


async def test_nobody_gives_or_takes_what_they_do_not_hold(place: Place, owner: AsyncCentral) -> None:
    """Roles beyond whoever started it are errors of rows, in what they give and what they take, or stay."""
    unit = await owner.units.create(name="Sales", code="s")
    await owner.roles.create(slug="boss", name="Boss", permissions=["tenant:write"])
    people = await _people(place, "ada", "bob", "cyd")
    for name in ("ada", "bob"):
        await owner.units.assign(unit=unit.id, user=people[name], role="boss")
    admin = await place.signed_in("admin")
    rows = [
        {"unit": "s", "user": people["cyd"], "role": "boss"},
        {"unit": "s", "user": people["cyd"], "role": "owner", "starts_at": _at(3)},
        {"unit": "s", "user": people["ada"], "ends_at": _at(1)},
        {"unit": "s", "user": people["bob"], "role": "-"},
    ]
    job = await while_working(place, admin.units.import_assignments(rows))
    assert await errors_of(place, job) == [
        (1, "role", "permission_not_held"),
        (2, "role", "owner_needed"),
        (3, "role", "permission_not_held"),
        (4, "role", "permission_not_held"),
    ]
    only = [{"unit": "s", "user": people["cyd"]}]
    job = await while_working(place, admin.units.import_assignments(only, on_missing="end", end_limit=9))
    assert _counted(job) == {"created": 1}
    assert [one.ends_at for one in await _held(owner, unit.id)] == [None] * 3
    (error,) = await errors_of(place, await _imported(place, [{**rows[1], "unit": unit.id, "starts_at": _at(9)}]))
    assert error == (1, "role", "reauthentication_required")


async def test_what_changes_between_plan_and_step(
    owner: AsyncCentral, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody else does meanwhile makes a step an error of its row, and no other's; the rules are judged anew."""
    unit = await owner.units.create(name="Sales", code="s")
    people = await _people(place, "ada", "bob", "cyd", "dan")
    held = await owner.units.assign(unit=unit.id, user=people["ada"])
    gone = await owner.units.assign(unit=unit.id, user=people["dan"])
    apply = importing.StepImporter._TX_apply

    async def late(self: importing.StepImporter, *given: Any) -> Any:
        if (await owner.units.get_assignment(assignment=gone.id)).state == "current":
            await owner.units.end_assignment(assignment=gone.id)
            await owner.units.update_assignment(assignment=held.id, ends_at=_at(9))
            await owner.units.assign(unit=unit.id, user=people["bob"])
        return await apply(self, *given)

    monkeypatch.setattr(importing.StepImporter, "_TX_apply", late)
    rows = [{"unit": "s", "user": people[name], "ends_at": _at(5)} for name in ("ada", "bob", "cyd")]
    job = await _imported(place, rows, on_missing="end", end_limit=1)
    assert await errors_of(place, job) == [(1, "", "version_conflict"), (2, "", "assignment_overlaps")]
    assert _counted(job) == {"created": 1, "failed": 2}


async def test_it_goes_on_after_a_crash(owner: AsyncCentral, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between two transactions it goes on, and nothing happens twice."""
    monkeypatch.setattr(importing, "_STEPS", 1)
    unit = await owner.units.create(name="Sales", code="s")
    people = await _people(place, *"abcdef")
    await owner.units.assign(unit=unit.id, user=people["f"])
    rows = [{"unit": "s", "user": people[name]} for name in "abcd"]
    job = await owner.units.start_assignment_import(on_missing="end", end_limit=1)
    await owner.units.add_assignment_import_rows(job=job.id, chunk=0, rows=rows[:2])
    await owner.units.add_assignment_import_rows(job=job.id, chunk=1, rows=rows[2:])
    await owner.units.run_assignment_import(job=job.id)
    assign, made = UnitAssignments.assign, 0

    async def dying(self: UnitAssignments, *given: Any) -> Any:
        nonlocal made
        made += 1
        if made == 3:
            raise ZeroDivisionError
        return await assign(self, *given)

    monkeypatch.setattr(UnitAssignments, "assign", dying)
    with pytest.raises(ZeroDivisionError):
        await work_on(place, job)
    assert len(await _held(owner, unit.id)) == 3
    ended = await work_on(place, job)
    assert (ended.state, _counted(ended)) == ("succeeded", {"created": 4, "ended": 1})
    assert len(await told(place, "unit.assignment_created")) == 5
    assert len(await told(place, "unit.assignment_ended")) == 1


async def test_two_workers_that_have_the_same_import(
    owner: AsyncCentral, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was taken for dead does nothing again that another one has done meanwhile."""
    unit = await owner.units.create(name="Sales", code="s")
    people = await _people(place, "ada", "bob")
    job = await owner.units.start_assignment_import()
    rows = [{"unit": "s", "user": user} for user in people.values()]
    await owner.units.add_assignment_import_rows(job=job.id, chunk=0, rows=rows)
    await owner.units.run_assignment_import(job=job.id)
    apply = importing.StepImporter._TX_apply

    async def late(self: importing.StepImporter, *given: Any) -> Any:
        monkeypatch.setattr(importing.StepImporter, "_TX_apply", apply)
        await work_on(place, job)
        return await apply(self, *given)

    monkeypatch.setattr(importing.StepImporter, "_TX_apply", late)
    assert _counted(await work_on(place, job)) == {"created": 2}
    assert await errors_of(place, job) == []
    assert len(await _held(owner, unit.id)) == 2


@pytest.mark.parametrize("lost", ["units:write", "users:read"])
async def test_as_whoever_started_it(place: Place, owner: AsyncCentral, lost: str) -> None:
    """It does nothing for somebody who may not write units, or see people, any more; also between two batches."""
    await owner.units.create(name="Sales", code="s")
    permissions: Any = ["units:write", "units:read", "users:read"]
    await owner.roles.create(slug="planner", name="Planner", permissions=permissions)
    user = await place.user("planner")
    client = await place.sign_in(user)
    job = await client.units.start_assignment_import()
    rows = [{"unit": "s", "user": user.id}]
    await client.units.add_assignment_import_rows(job=job.id, chunk=0, rows=rows)
    await client.units.run_assignment_import(job=job.id)
    await owner.roles.update(role="planner", permissions=[one for one in permissions if one != lost])
    ended = await work_on(place, job)
    assert ended.error is not None
    assert (ended.state, ended.error.code) == ("failed", "permission_missing")
    assert [one async for one in owner.units.list_assignments()] == []


async def test_permission_that_goes_between_plan_and_step(
    place: Place, owner: AsyncCentral, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each transaction judges anew what whoever started it may do."""
    await owner.units.create(name="Sales", code="s")
    user = await place.user("admin")
    client = await place.sign_in(user)
    job = await client.units.start_assignment_import()
    await client.units.add_assignment_import_rows(job=job.id, chunk=0, rows=[{"unit": "s", "user": user.id}])
    await client.units.run_assignment_import(job=job.id)
    apply = importing.StepImporter._TX_apply

    async def late(self: importing.StepImporter, *given: Any) -> Any:
        await run_sql(place, "UPDATE user_roles SET role = 'member' WHERE user_id = $1", user.id.uuid)
        return await apply(self, *given)

    monkeypatch.setattr(importing.StepImporter, "_TX_apply", late)
    ended = await work_on(place, job)
    assert ended.error is not None
    assert (ended.state, ended.error.code) == ("failed", "permission_missing")
    assert [one async for one in owner.units.list_assignments()] == []


async def test_what_is_not_there(owner: AsyncCentral) -> None:
    """Only an import that is there is run."""
    with pytest.raises(NotFoundError):
        await owner.units.run_assignment_import(job=JobId.new())
