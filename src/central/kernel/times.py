"""Kinds of time that inputs are made of: moments with a zone, and spans of whole seconds."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, WithJsonSchema
from pydantic_core import PydanticCustomError, to_jsonable_python

_LONGEST = 40


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("moment", "Expected a moment within the years 1 to 9999 of UTC") from None


def _whole_seconds(value: timedelta) -> timedelta:
    if value.microseconds:
        raise PydanticCustomError("whole_seconds", "Expected whole seconds")
    return value


Moment = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    WithJsonSchema({"type": "string", "format": "date-time", "maxLength": _LONGEST}),
]
"""A moment with its zone (RFC 3339), kept in UTC."""

Duration = Annotated[
    timedelta,
    AfterValidator(_whole_seconds),
    WithJsonSchema({"type": "string", "format": "duration", "maxLength": _LONGEST, "examples": ["PT8H"]}),
]
"""A span of time in whole seconds: ISO 8601 (`PT8H`) or a number of seconds. Inputs bound it by `between`."""


def between(least: timedelta, most: timedelta) -> AfterValidator:
    """Bound a span of time, in an `Annotated[Duration, …]`; the error says the bounds as JSON writes them."""

    def check(value: timedelta) -> timedelta:
        if not least <= value <= most:
            bounds = {"least": in_json(least), "most": in_json(most)}
            raise PydanticCustomError("duration_bounds", "Expected {least} to {most}", bounds)
        return value

    return AfterValidator(check)


def in_json(span: timedelta) -> str:
    """Write a span of time as JSON does: ISO 8601."""
    return str(to_jsonable_python(span))
