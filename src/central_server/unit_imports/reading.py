"""Rows of an import as units: what cannot be read is an error of its row."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from central.unit_imports.models import UnitRowInput
from central_server.jobs.reading import read_rows, wrong_row
from central_server.jobs.runs import RowErrors


class Row(NamedTuple):
    """A row, counted from 1."""

    number: int
    input: UnitRowInput

    @property
    def key(self) -> str:
        """What tells which unit it is about, in small letters."""
        return self.input.code.lower()


class ReadRows(NamedTuple):
    """All rows of an import that could be read, and what is wrong with the others."""

    rows: Sequence[Row]
    errors: Sequence[RowErrors]


def read_units(raw: Sequence[Mapping[str, Any]]) -> ReadRows:
    """Read rows; of two of the same code the first counts."""
    rows: dict[str, Row] = {}
    errors: list[RowErrors] = []
    for number, input in read_rows(raw, UnitRowInput):
        if isinstance(input, RowErrors):
            errors.append(input)
        elif (row := Row(number, input)).key in rows:
            errors.append(wrong_row(number, "code", "repeated", "An earlier row says the same"))
        else:
            rows[row.key] = row
    return ReadRows(list(rows.values()), errors)
