"""What rows mean for who is where: what is assigned, changed and ended, in an order that never fails by itself.

Pure: it sees all rows, and all who are in the units that they name, so that rows may come in any order. It judges by
the same rules as the operations on single assignments, which judge again when the steps are taken.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from central.errors import CentralError
from central.kernel.ids import UnitAssignmentId, UnitId, UserId
from central_server.assignment_imports.matching import Wanted, match
from central_server.assignment_imports.reading import Found
from central_server.assignment_imports.turns import HELD, OVERLAPS, settle
from central_server.jobs.importing import Plan
from central_server.jobs.reading import refused_row, wrong_row
from central_server.jobs.runs import RowErrors
from central_server.units.policy import check_assignable, check_times
from central_server.units.tables import DBPlaced
from central_server.users.policy import Doer, check_may_grant

_IN_THE_WAY: Final = {
    OVERLAPS: "This person is in this unit already at that time.",
    HELD: "This unit has a single holder, and somebody else holds it then.",
}
_TURN: Final = {"end": 0, "change": 1, "assign": 2}


class Step(NamedTuple):
    """One thing to do: for whom, in which unit, and what of it is said; `held` is what is changed or ended."""

    kind: Literal["assign", "change", "end"]
    unit: UnitId
    unit_name: str
    user: UserId
    email: str
    fields: Mapping[str, Any]
    held: DBPlaced | None = None
    row: int = 0


class There(NamedTuple):
    """What there is at a moment: who is in the units that rows name, and what roles allow.

    `began` is when the import was asked for: what came after that is none of its to end.
    """

    placed: Sequence[DBPlaced]
    roles: Mapping[str, frozenset[str]]
    now: datetime
    began: datetime


def plan_assignments(found: Sequence[Found], there: There, who: Doer, *, ends: bool) -> Plan[Step]:
    """Plan rows; with `ends`, what holds now in their units, and no row is about, ends."""
    wanted = match(found, there.placed, there.now)
    asking = [one for one in wanted if one.held is None or one.changes()]
    errors = {one.number: error for one in asking if (error := _refusal(one, there, who)) is not None}
    missing = list(_missing(wanted, there, who)) if ends else []
    gone = {held["id"] for _, held in missing}
    steps = [_end(one, held, there.now) for one, held in missing]
    for ours, placed in _by_unit([one for one in asking if one.number not in errors], there.placed):
        settled = settle(ours, placed, gone, there.now)
        errors |= {row: wrong_row(row, "", code, _IN_THE_WAY[code]) for row, code in settled.errors.items()}
        steps += [_step(one) for one in settled.wanted]
    steps.sort(key=lambda step: _TURN[step.kind])
    return Plan(steps, len(wanted) - len(asking), [errors[number] for number in sorted(errors)])


def _refusal(one: Wanted, there: There, who: Doer) -> RowErrors | None:
    """Say why a row cannot be, by its unit, its times and its roles."""
    roles = {role for role in (one.role, one.held and one.held["role"]) if role is not None}
    if one.role is not None and one.role not in there.roles:
        return wrong_row(one.number, "role", "unknown_role", "There is no such role here")
    try:
        check_times(one.starts_at, one.ends_at)
        if one.held is None:
            check_assignable(one.found.unit)
    except CentralError as error:
        return refused_row(one.number, error, "unit")
    return _refused_roles(one.number, roles, there, who)


def _refused_roles(row: int, roles: set[str], there: There, who: Doer) -> RowErrors | None:
    try:
        check_may_grant(who, roles, frozenset[str]().union(*(there.roles.get(role, frozenset()) for role in roles)))
    except CentralError as error:
        return refused_row(row, error, "role")
    return None


def _missing(wanted: Sequence[Wanted], there: There, who: Doer) -> Iterator[tuple[Found, DBPlaced]]:
    """Give what holds now and no row is about, but for what is newer than the import, or beyond its starter."""
    units = {one.found.unit["id"]: one.found for one in wanted}
    needed: set[UnitAssignmentId] = {one.held["id"] for one in wanted if one.held is not None}
    for held in there.placed:
        if held["unit_id"] in units and held["id"] not in needed and held["state"] == "current":
            roles = set[str]() if held["role"] is None else {held["role"]}
            if held["created_at"] < there.began and _refused_roles(0, roles, there, who) is None:
                yield units[held["unit_id"]], held


def _by_unit(
    wanted: Sequence[Wanted], placed: Sequence[DBPlaced]
) -> Iterator[tuple[Sequence[Wanted], Sequence[DBPlaced]]]:
    rows: dict[UnitId, list[Wanted]] = {}
    there: dict[UnitId, list[DBPlaced]] = {}
    for one in wanted:
        rows.setdefault(one.found.unit["id"], []).append(one)
    for held in placed:
        there.setdefault(held["unit_id"], []).append(held)
    for unit, ours in rows.items():
        yield ours, there.get(unit, [])


def _step(one: Wanted) -> Step:
    unit, user = one.found.unit, one.found.user
    kind: Literal["assign", "change"] = "assign" if one.held is None else "change"
    new = {"role": one.role, "starts_at": one.starts_at, "ends_at": one.ends_at}
    fields = new if one.held is None else one.changes()
    return Step(kind, unit["id"], unit["name"], user["id"], user["email"], fields, one.held, one.number)


def _end(one: Found, held: DBPlaced, now: datetime) -> Step:
    fields = {"role": held["role"], "at": now}
    return Step("end", one.unit["id"], one.unit["name"], held["user_id"], held["email"], fields, held)
