"""Cursors: where a page ended, and of which list. Opaque to callers, validated like any other input."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar, cast
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from central.errors import BadRequestError
from central.kernel.ids import RichId
from central.kernel.pages import PageInput

InputT = TypeVar("InputT", bound=PageInput)
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_NOT_FILTERS = frozenset({"tenant", "limit", "cursor"})


class Position(NamedTuple):
    """The sort key and the id of the last item of a page."""

    key: str
    id: UUID

    @property
    def time(self) -> datetime:
        """The sort key as a time; raises `BadRequestError` if it is none, or has no zone or no place in UTC."""
        try:
            time = datetime.fromisoformat(self.key)
            if time.tzinfo is not None:
                return time.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise _malformed()

    @property
    def number(self) -> int:
        """The sort key as an integer of 64 bits; raises `BadRequestError` if it is none."""
        if _INTEGER.fullmatch(self.key) and -(2**63) <= (number := int(self.key)) < 2**63:
            return number
        raise _malformed()


class Opened(NamedTuple, Generic[InputT]):
    """The list that is asked for, with the filters of its cursor, and where to go on; `None` at its start."""

    input: InputT
    position: Position | None


def open_cursor(input: InputT) -> Opened[InputT]:
    """Read the cursor of an input, if it has one.

    The filters come from the cursor, so that page 2 cannot lose them; giving others with it is an error.
    Raises `BadRequestError` for a cursor that is none, or is one of another list.
    """
    if input.cursor is None:
        return Opened(input, None)
    filters, key, uuid = _decode(input.cursor)
    kept = {name: getattr(input, name) for name in _NOT_FILTERS & input.model_fields_set}
    try:
        restored = type(input).model_validate({**filters, **kept}, by_name=True, by_alias=False)
    except ValidationError:
        raise _malformed() from None
    if any(getattr(input, name) != getattr(restored, name) for name in input.model_fields_set - _NOT_FILTERS):
        raise BadRequestError("The cursor belongs to a list with other filters.", code="cursor_of_other_list")
    return Opened(restored, Position(key, uuid))


def next_cursor(input: PageInput, key: datetime | str | int, id: RichId) -> str:
    """Make the cursor of the page after the item with this sort key and id."""
    text = key.isoformat() if isinstance(key, datetime) else str(key)
    filters = input.model_dump(mode="json", by_alias=False, exclude=set(_NOT_FILTERS), exclude_defaults=True)
    return base64.urlsafe_b64encode(to_json([filters, text, str(id.uuid)])).rstrip(b"=").decode()


def _decode(cursor: str) -> tuple[dict[str, Any], str, UUID]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        filters, key, uuid = from_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        if isinstance(filters, dict) and isinstance(key, str) and isinstance(uuid, str) and "\0" not in key:
            return cast("dict[str, Any]", filters), key, UUID(uuid)
    except (ValueError, TypeError, binascii.Error):
        pass
    raise _malformed()


def _malformed() -> BadRequestError:
    return BadRequestError("The cursor cannot be read; start at the first page.", code="malformed_cursor")
