"""Between units as the database keeps them and as callers, or files, see them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from central.errors import NotFoundError
from central.kernel.ids import UnitId
from central.units.assignments import UnitAssignment
from central.units.models import ChartUnit, Unit, UnitVersion
from central_server.units.tables import DBAssignment, DBChartUnit, DBListedUnit, DBUnit, DBUnitVersion

T = TypeVar("T")


def unit_from(row: DBUnit | DBListedUnit) -> Unit:
    """Make the DTO of a row."""
    return Unit.model_validate({name: value for name, value in row.items() if name != "name_key"})


def version_from(row: DBUnitVersion) -> UnitVersion:
    """Make the DTO of what a unit was."""
    return UnitVersion.model_validate({**row})


def chart_unit_from(row: DBChartUnit, above: int) -> ChartUnit:
    """Make the DTO of a unit in a chart, whose own top has so many units above."""
    hidden = {"position", "valid_from", "level"}
    shown = {name: value for name, value in row.items() if name not in hidden}
    return ChartUnit.model_validate({**shown, "since": row["valid_from"], "level": row["level"] + above})


def assignment_from(row: DBAssignment) -> UnitAssignment:
    """Make the DTO of a row."""
    return UnitAssignment.model_validate({**row})


def found(value: T | None, noun: str = "unit") -> T:
    """Give what was found; `NotFoundError` for nothing."""
    if value is None:
        raise NotFoundError.of(noun)
    return value


def called(unit: DBUnit) -> str:
    """Give what a file calls a unit: its code, or the id of one without."""
    return unit["code"] or unit["id"]


def written(moment: datetime) -> str:
    """Write a moment as files have it (RFC 3339)."""
    return moment.isoformat().replace("+00:00", "Z")


def in_tree_order(units: Sequence[DBUnit], below: UnitId | None) -> Iterator[DBUnit]:
    """Give units, each behind the one above it: all, or one and those below it; without what is below none of them."""
    there = {unit["id"]: unit for unit in units}
    children: dict[UnitId | None, list[DBUnit]] = {}
    for unit in sorted(there.values(), key=lambda unit: (unit["position"], unit["id"])):
        children.setdefault(unit["parent_id"], []).append(unit)
    waiting = list(reversed(children.get(None, []))) if below is None else [there[below]] if below in there else []
    while waiting:
        unit = waiting.pop()
        yield unit
        waiting += reversed(children.get(unit["id"], []))
