"""Units as an import reads them: one row each, as an object or as the cells of a table; in the order of the tree."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic_core import to_json

from central.kernel.ids import UnitId
from central.unit_imports.models import AT_THE_TOP
from central_server.units.mapping import called, in_tree_order
from central_server.units.tables import DBUnit

_PLAIN: Final = ("code", "name", "parent", "kind", "description", "single_holder")
_INSIDE: Final = ("tags", "attributes")
_AS_JSON: Final = ":json"


def in_order(units: Sequence[DBUnit], below: UnitId | None) -> Iterator[dict[str, Any]]:
    """Give the rows of the units in use, each behind the one above it: all, or one and those below it."""
    there = {unit["id"]: unit for unit in units if unit["archived_at"] is None}
    return (_object_of(unit, there) for unit in in_tree_order(list(there.values()), below))


def _object_of(unit: DBUnit, there: Mapping[UnitId, DBUnit]) -> dict[str, Any]:
    above = None if unit["parent_id"] is None else there[unit["parent_id"]]
    row: dict[str, Any] = {
        "code": called(unit),
        "name": unit["name"],
        "parent": AT_THE_TOP if above is None else called(above),
        "kind": unit["kind"],
        "single_holder": unit["single_holder"],
    }
    if unit["description"] is not None:
        row["description"] = unit["description"]
    fields: Mapping[str, Any] = unit
    return row | {name: inner for name in _INSIDE if (inner := fields[name])}


def cells_of(row: Mapping[str, Any]) -> dict[str, str]:
    """Give a row's cells by their columns: dots lead inside, and what is no text is written as JSON and says so."""
    cells = {name: str(row[name]).lower() if name == "single_holder" else row[name] for name in _PLAIN if name in row}
    for outer in _INSIDE:
        for name, value in row.get(outer, {}).items():
            if isinstance(value, str):
                cells[f"{outer}.{name}"] = value
            else:
                cells[f"{outer}.{name}{_AS_JSON}"] = to_json(value).decode()
    return cells


def columns_of(names: Collection[str]) -> Sequence[str]:
    """Give the columns of a table in which these occur: those that every unit has come first."""
    return [*_PLAIN, *sorted(set(names) - set(_PLAIN))]
