"""Users as an import reads them: one row each, as an object or as the cells of a table."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from pydantic_core import to_json

from central_server.users.tables import DBExportedUser

_PLAIN: Final = ("email", "display_name", "locale", "time_zone")
_INSIDE: Final = ("external_ids", "tags", "attributes")
_FIRST: Final = ("email", "display_name", "roles", "locale", "time_zone")
_AS_JSON: Final = ":json"


def object_of(user: DBExportedUser) -> dict[str, Any]:
    """Give what an import reads of a user. Roles that end by themselves, or come from groups, are not for it to set."""
    fields: Mapping[str, Any] = user
    row: dict[str, Any] = {name: value for name in _PLAIN if (value := fields[name]) is not None}
    if user["lasting_roles"]:
        row["roles"] = sorted(user["lasting_roles"])
    return row | {name: inner for name in _INSIDE if (inner := fields[name])}


def cells_of(user: DBExportedUser) -> dict[str, str]:
    """Give a row's cells by their columns: dots lead inside, and what is no text is written as JSON and says so."""
    row = object_of(user)
    cells: dict[str, str] = {name: row[name] for name in _PLAIN if name in row}
    if "roles" in row:
        cells["roles"] = ";".join(row["roles"])
    for outer in _INSIDE:
        for name, value in row.get(outer, {}).items():
            if isinstance(value, str):
                cells[f"{outer}.{name}"] = value
            else:
                cells[f"{outer}.{name}{_AS_JSON}"] = to_json(value).decode()
    return cells


def columns_of(names: Collection[str]) -> Sequence[str]:
    """Give the columns of a table in which these occur: those that every user has come first."""
    return [*_FIRST, *sorted(set(names) - set(_FIRST))]
