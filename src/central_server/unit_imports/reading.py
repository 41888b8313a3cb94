"""Rows of an import as units: what cannot be read is an error of its row."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from central.errors import FieldError, ValidationFailedError
from central.unit_imports.models import UnitRowInput
from central_server.jobs.runs import RowErrors

_MOST_ERRORS: Final = 20


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


def read_rows(raw: Sequence[Mapping[str, Any]]) -> ReadRows:
    """Read rows; of two of the same code the first counts."""
    rows: dict[str, Row] = {}
    errors: list[RowErrors] = []
    for number, fields in enumerate(raw, start=1):
        try:
            row = Row(number, UnitRowInput.model_validate(dict(fields)))
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
            told = ValidationFailedError.from_details(details).field_errors
            errors.append(RowErrors(number, told[:_MOST_ERRORS]))
            continue
        if row.key in rows:
            errors.append(wrong(row, "code", "repeated", "An earlier row says the same"))
        else:
            rows[row.key] = row
    return ReadRows(list(rows.values()), errors)


def wrong(row: Row, field: str, code: str, message: str) -> RowErrors:
    """Say what is wrong with one field of a row."""
    return RowErrors(row.number, [FieldError(field=field, code=code, message=message)])
