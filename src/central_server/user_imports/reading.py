"""Rows as they came into what they mean, or what is wrong with them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, cast

from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from central.errors import FieldError, ValidationFailedError
from central.user_imports.models import StartUserImportInput
from central.users.models import CreateUserInput
from central_server.jobs.runs import RowErrors
from central_server.users.policy import check_time_zone

_MOST_ERRORS = 10


class Row(NamedTuple):
    """A row that says what `users.create` takes; `number` counts from 1 over all rows."""

    number: int
    input: CreateUserInput

    @property
    def address(self) -> str:
        """The address as it is compared."""
        return self.input.email.lower()

    @property
    def given(self) -> Collection[str]:
        """The fields that the row has."""
        return self.input.model_fields_set

    def names(self) -> Sequence[tuple[str, str]]:
        """Give what other systems call the person, each with the system."""
        return list(self.input.external_ids.items())


class ReadRows(NamedTuple):
    """A chunk that was read."""

    rows: Sequence[Row]
    errors: Sequence[RowErrors]


def read_rows(
    raw: Sequence[Mapping[str, Any]], first: int, options: StartUserImportInput, without: Collection[int] = ()
) -> ReadRows:
    """Read a chunk whose first row has this number, but for the rows that are known to have errors."""
    rows: list[Row] = []
    errors: list[RowErrors] = []
    for number, fields in enumerate(raw, start=first):
        if number in without:
            continue
        try:
            rows.append(Row(number, _read(fields, options)))
        except ValidationFailedError as error:
            errors.append(RowErrors(number, error.field_errors[:_MOST_ERRORS]))
    return ReadRows(rows, errors)


def _read(fields: Mapping[str, Any], options: StartUserImportInput) -> CreateUserInput:
    if "tenant" in fields:
        raise ValidationFailedError.of("tenant", "Extra inputs are not permitted", code="extra_forbidden")
    try:
        input = CreateUserInput.model_validate(dict(fields))
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        told = [{**detail, "loc": _spelled(detail["loc"])} for detail in details]
        raise ValidationFailedError.from_details(cast("list[ErrorDetails]", told)) from None
    check_time_zone(input.time_zone)
    if options.source is not None and options.source not in input.external_ids:
        raise ValidationFailedError.of(f"externalIds.{options.source}", "Field required", code="missing")
    return input


def _spelled(place: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Spell a place as JSON does, however the row spelled it."""
    if place and place[0] in CreateUserInput.model_fields:
        return (to_camel(str(place[0])), *place[1:])
    return place


def key_of(row: Row, options: StartUserImportInput) -> str:
    """Give what tells whom a row is about."""
    return row.address if options.source is None else row.input.external_ids[options.source]


class Seen:
    """What the rows so far are about, so that two of one person, or of one address, are noticed."""

    def __init__(self) -> None:
        self._marks: set[str] = set()

    def repeated(self, rows: Sequence[Row]) -> list[RowErrors]:
        """Give what is wrong with rows that say again what one before them said, and remember the others."""
        errors: list[RowErrors] = []
        for row in rows:
            marks = {f"{source}|{name}": f"externalIds.{source}" for source, name in row.names()}
            marks[f"|{row.address}"] = "email"
            again = [field for mark, field in marks.items() if mark in self._marks]
            if again:
                message = "An earlier row says the same"
                errors.append(RowErrors(row.number, [_repeated(field, message) for field in again]))
            else:
                self._marks.update(marks)
        return errors


def _repeated(field: str, message: str) -> FieldError:
    return FieldError(field=field, code="repeated", message=message)
