"""Rows of an import as assignments that are wanted: of which unit and person, found by what rows call them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from central.assignment_imports.models import NONE, AssignmentRowInput
from central.errors import FieldError
from central.kernel.ids import RichId, UnitId, UserId
from central_server.jobs.reading import read_rows, wrong_row
from central_server.jobs.runs import RowErrors
from central_server.units.tables import DBUnit
from central_server.users.tables import DBKnownUser

Id = TypeVar("Id", bound=RichId)


class Row(NamedTuple):
    """A row, counted from 1."""

    number: int
    input: AssignmentRowInput

    @property
    def role(self) -> str | None:
        """The role that it names, if it names one."""
        return None if self.input.role == NONE else self.input.role


class ReadRows(NamedTuple):
    """All rows of an import that could be read, and what is wrong with the others."""

    rows: Sequence[Row]
    errors: Sequence[RowErrors]


class Found(NamedTuple):
    """A row with the unit and the person that it names."""

    row: Row
    unit: DBUnit
    user: DBKnownUser


def read_assignments(raw: Sequence[Mapping[str, Any]]) -> ReadRows:
    """Read rows."""
    read = list(read_rows(raw, AssignmentRowInput))
    rows = [Row(number, input) for number, input in read if isinstance(input, AssignmentRowInput)]
    return ReadRows(rows, [_of_fields(input) for _, input in read if isinstance(input, RowErrors)])


def _of_fields(found: RowErrors) -> RowErrors:
    """Say errors of fields, without which of the kinds of value was tried."""
    return RowErrors(found.row, [_of_field(error) for error in found.errors])


def _of_field(error: FieldError) -> FieldError:
    return error.model_copy(update={"field": error.field.partition(".")[0]})


def id_in(text: str, kind: type[Id]) -> Id | None:
    """Read an id of a kind, if that is what this is."""
    try:
        return kind(text)
    except ValueError:
        return None


class Directory(NamedTuple):
    """The units and people that rows name: all by their ids, units by their codes, and people by what rows call them.

    Codes and addresses are in small letters, the names of a `source` as they are.
    """

    units: Mapping[str, DBUnit]
    people: Mapping[str, DBKnownUser]
    by_source: bool

    def find(self, row: Row) -> Found | RowErrors:
        """Find what a row is about, or say what there is not."""
        unit = self.units.get(id_in(row.input.unit, UnitId) or row.input.unit.lower())
        name = row.input.user if self.by_source else row.input.user.lower()
        user = self.people.get(id_in(row.input.user, UserId) or name)
        if unit is None:
            return wrong_row(row.number, "unit", "unknown_unit", "There is no unit with this code or id here")
        if user is None:
            return wrong_row(row.number, "user", "unknown_user", "There is nobody whom rows can call so here")
        return Found(row, unit, user)
