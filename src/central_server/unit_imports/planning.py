"""What rows mean for a tree: which units are made, moved, changed and archived, in an order that never fails by itself.

Pure: it sees all rows and the whole tree, so that rows may come in any order. Parents come before what stands below
them, so that no unit is below itself on the way.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from central.kernel.ids import UnitId
from central.unit_imports.models import AT_THE_TOP
from central.units.models import MOST_LEVELS
from central_server.jobs.importing import Plan
from central_server.jobs.reading import wrong_row
from central_server.jobs.runs import RowErrors
from central_server.unit_imports.reading import Row
from central_server.units.tables import DBUnit
from central_server.users.policy import merge_patch

Key: TypeAlias = str
"""A unit that is there by its id, a new one by its code in small letters."""

_PLAIN: Final = ("name", "kind", "description", "single_holder", "tags")


class Step(NamedTuple):
    """One thing to do: `key` is the unit, `parent` what it is to stand below; `fields` are those to set."""

    kind: Literal["create", "move", "change", "archive"]
    key: Key
    name: str
    parent: Key | None = None
    fields: Mapping[str, Any] = {}
    row: int = 0


class Chart:
    """The tree as it is, and as rows want it."""

    def __init__(self, there: Sequence[DBUnit], rows: Sequence[Row]) -> None:
        self.there: dict[Key, DBUnit] = {unit["id"]: unit for unit in there}
        self._keys = {unit["code"].lower(): unit["id"] for unit in there if unit["code"] is not None}
        self._keys |= {unit["id"].lower(): unit["id"] for unit in there}
        self.rows = {self.key_of(row.key): row for row in rows}
        self.parents: dict[Key, Key | None] = {unit["id"]: unit["parent_id"] for unit in there}
        self.errors: dict[int, RowErrors] = {}

    def key_of(self, code: str) -> Key:
        """Give the unit that a code or an id means; for a new one its code."""
        return self._keys.get(code.lower(), code.lower())

    def fail(self, row: Row, field: str, code: str, message: str) -> None:
        """Note what is wrong with a row, and leave it out."""
        self.errors[row.number] = wrong_row(row.number, field, code, message)
        key = self.key_of(row.key)
        del self.rows[key]
        if key in self.there:
            self.parents[key] = self.there[key]["parent_id"]
        else:
            self.parents.pop(key, None)

    def way_up(self, key: Key) -> Iterator[Key]:
        """Give a unit and those above it, as far as it is known; a ring is gone round for ever."""
        at: Key | None = key
        while at is not None:
            yield at
            at = self.parents.get(at)


def plan_rows(there: Sequence[DBUnit], rows: Sequence[Row], *, archives: bool) -> Plan[Step]:
    """Plan rows against the tree that is there; with `archives`, units of codes that no row needs go."""
    chart = Chart(there, rows)
    _set_parents(chart)
    while _leave_out_what_cannot_be(chart):
        pass
    steps = [step for key in _from_the_top(chart) for step in _steps_of(chart, key)]
    unchanged = len(chart.rows) - len({step.key for step in steps})
    steps += _missing(chart) if archives else ()
    return Plan(steps, unchanged, [chart.errors[number] for number in sorted(chart.errors)])


def _set_parents(chart: Chart) -> None:
    for key, row in chart.rows.items():
        parent = row.input.parent
        if parent is not None:
            chart.parents[key] = None if parent == AT_THE_TOP else chart.key_of(parent)
        elif key not in chart.there:
            chart.parents[key] = None


def _leave_out_what_cannot_be(chart: Chart) -> bool:
    """Fail rows that cannot be as they are; whether there were any, as others may depend on them."""
    failed = False
    for key, row in list(chart.rows.items()):
        problem = _problem(chart, key)
        if problem is not None:
            chart.fail(row, *problem)
            failed = True
    return failed


def _problem(chart: Chart, key: Key) -> tuple[str, str, str] | None:
    if key not in chart.there and key.startswith("unit-") and len(key) == len(UnitId.new()):
        return "code", "unit_not_found", "There is no unit with this id here"
    if key in chart.there and chart.there[key]["archived_at"] is not None:
        return "code", "unit_archived", "This unit is archived; restore it first"
    parent = chart.parents[key]
    if parent is not None and parent not in chart.there and parent not in chart.rows:
        return "parent", "unknown_parent", "There is no unit with this code, and no row that makes one"
    if parent in chart.there and chart.there[parent]["archived_at"] is not None:
        return "parent", "parent_archived", "The unit above is archived; restore it first"
    return _problem_of_way(chart, key)


def _problem_of_way(chart: Chart, key: Key) -> tuple[str, str, str] | None:
    for level, above in enumerate(chart.way_up(key)):
        if level and above == key:
            return "parent", "unit_cycle", "A unit cannot stand below itself"
        if level >= MOST_LEVELS:
            return "parent", "too_many_levels", f"A tree has {MOST_LEVELS} levels at most, and no ring"
    return None


def _from_the_top(chart: Chart) -> Sequence[Key]:
    levels = {key: sum(1 for _ in chart.way_up(key)) for key in chart.rows}
    return sorted(chart.rows, key=lambda key: (levels[key], chart.rows[key].number))


def _steps_of(chart: Chart, key: Key) -> Iterator[Step]:
    row, parent = chart.rows[key], chart.parents[key]
    given = row.input.model_dump(include=row.input.model_fields_set - {"parent"})
    unit = chart.there.get(key)
    if unit is None:
        yield Step("create", key, row.input.name, parent, given, row.number)
        return
    if unit["parent_id"] != parent:
        yield Step("move", key, unit["name"], parent, {}, row.number)
    if changes := _changes(unit, given):
        yield Step("change", key, unit["name"], parent, changes, row.number)


def _changes(unit: DBUnit, given: Mapping[str, Any]) -> dict[str, Any]:
    was: Mapping[str, Any] = unit
    changes = {name: given[name] for name in _PLAIN if name in given and given[name] != was[name]}
    if "code" in given and unit["code"] is not None and given["code"] != unit["code"]:
        changes["code"] = given["code"]
    if merge_patch(unit["attributes"], given.get("attributes", {})) != unit["attributes"]:
        changes["attributes"] = given["attributes"]
    return {name: value for name, value in changes.items() if value is not None or name == "description"}


def _missing(chart: Chart) -> Iterator[Step]:
    """Archive the topmost of the units in use that have a code and neither are in a row nor stand above one."""
    needed = {above for key in chart.rows for above in chart.way_up(key)}
    missing = {
        key
        for key, unit in chart.there.items()
        if unit["code"] is not None and unit["archived_at"] is None and key not in needed
    }
    for key in sorted(missing):
        if not any(above in missing for above in list(chart.way_up(key))[1:]):
            yield Step("archive", key, chart.there[key]["name"])
