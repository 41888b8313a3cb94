"""Rows that a job was given as what they mean, or what is wrong with them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from central.errors import CentralError, FieldError, ValidationFailedError
from central.kernel.model import Input
from central_server.jobs.runs import RowErrors

M = TypeVar("M", bound=Input)
_MOST_ERRORS: Final = 20


def read_rows(raw: Sequence[Mapping[str, Any]], model: type[M]) -> Iterator[tuple[int, M | RowErrors]]:
    """Read all rows of a job; gives each with its number, counted from 1, or else what is wrong with it."""
    for number, fields in enumerate(raw, start=1):
        try:
            yield number, model.model_validate(dict(fields))
        except ValidationError as error:
            told = [{**detail, "loc": _spelled(detail["loc"], model)} for detail in _details(error)]
            wrong = ValidationFailedError.from_details(cast("list[ErrorDetails]", told)).field_errors
            yield number, RowErrors(number, wrong[:_MOST_ERRORS])


def _details(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_context=False, include_input=False)


def _spelled(place: tuple[int | str, ...], model: type[Input]) -> tuple[int | str, ...]:
    """Spell a place as JSON does, however the row spelled it."""
    if place and place[0] in model.model_fields:
        return (to_camel(str(place[0])), *place[1:])
    return place


def wrong_row(row: int, field: str, code: str, message: str) -> RowErrors:
    """Say what is wrong with one field of a row."""
    return RowErrors(row, [FieldError(field=field, code=code, message=message)])


def refused_row(row: int, error: CentralError, field: str = "") -> RowErrors:
    """Say that a row cannot be done, as the refusal of what it asks for says."""
    if isinstance(error, ValidationFailedError) and error.field_errors:
        return RowErrors(row, error.field_errors)
    return wrong_row(row, field, error.code, error.message)
