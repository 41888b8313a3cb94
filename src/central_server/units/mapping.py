"""Between units as the database keeps them and as callers see them."""

from typing import TypeVar

from central.errors import NotFoundError
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
