"""Bytes into inputs: path, query and body become one validated object, or an error that says what was wrong."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl

from pydantic import TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from central.errors import BadRequestError, FieldError, PayloadTooLargeError, ValidationFailedError
from central.kernel.model import Input
from central.kernel.operation import AnyOperation

InputT = TypeVar("InputT", bound=Input)
_MOST_QUERY_FIELDS = 250
_MOST_FORM_FIELDS = 20


class InputReader:
    """Reads one operation's input. Names in the path template come from the path, and from nowhere else."""

    def __init__(self, operation: AnyOperation) -> None:
        self._adapter: TypeAdapter[Input] = TypeAdapter(operation.input_class)
        self._path_names = tuple((name, to_camel(name)) for name in operation.path_names)
        self._in_path = frozenset(key for names in self._path_names for key in names)
        self._lists = frozenset(to_camel(name) for name in operation.list_names)
        self.sends_body = operation.sends_body
        self._remembered = lru_cache(maxsize=1024)(self._read_query)

    def from_query(self, path: Mapping[str, str], query: bytes) -> Input:
        """Read the input of a GET or DELETE; equal requests share one frozen input."""
        return self._remembered(tuple([path[name] for name, _ in self._path_names]), query)

    def from_body(self, path: Mapping[str, str], body: bytes) -> Input:
        """Read the input of a request with a JSON body; an empty one counts as `{}`."""
        return self._validate(parse_object(body), tuple([path[name] for name, _ in self._path_names]))

    def _read_query(self, path_values: tuple[str, ...], query: bytes) -> Input:
        return self._validate(parse_query(query, self._lists), path_values)

    def _validate(self, fields: dict[str, Any], path_values: tuple[str, ...]) -> Input:
        if misplaced := self._in_path.intersection(fields):
            field = min(misplaced)
            raise ValidationFailedError.of(field, "This is given in the path only", code="extra_forbidden")
        for (_, alias), value in zip(self._path_names, path_values, strict=True):
            fields[alias] = value
        try:
            return self._adapter.validate_python(fields, by_alias=True, by_name=False)
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
            raise ValidationFailedError.from_details(details) from None


def read_fields(model: type[InputT], fields: Mapping[str, str]) -> InputT:
    """Read the input of a browser route from its path, query and headers; `ValidationFailedError` for what is none."""
    try:
        return model.model_validate(dict(fields))
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise ValidationFailedError.from_details(details) from None


def parse_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object, in which no name is given twice (RFC 7493); raises `BadRequestError` for anything else.

    Nesting is bounded by the parser (200).
    """
    if not body:
        return {}
    try:
        parsed = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise BadRequestError(f"The body is not JSON: {error}.", code="malformed_json") from None
    if not isinstance(parsed, dict):
        raise BadRequestError("The body must be a JSON object.", code="object_expected")
    # The fast parser keeps the last of equal names; what was read above is small, shallow and well-formed.
    _NAMES.decode(body.decode())
    return cast("dict[str, Any]", parsed)


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    names: set[str] = set()
    for name, _ in pairs:
        if name in names:
            raise ValidationFailedError.of(name, "This was given more than once", code="repeated")
        names.add(name)


_NAMES = json.JSONDecoder(object_pairs_hook=_distinct, parse_int=str, parse_float=str)


def parse_query(query: bytes, lists: Collection[str] = ()) -> dict[str, Any]:
    """Parse a query string, in which the fields named in `lists` may be given more than once.

    Raises `BadRequestError` when it cannot be read, `ValidationFailedError` for other repeats.
    """
    if not query:
        return {}
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_QUERY_FIELDS
        )
    except ValueError:
        raise BadRequestError("The query string cannot be read.", code="malformed_query") from None
    fields: dict[str, Any] = dict(pairs)
    fields |= {name: [value for other, value in pairs if other == name] for name in lists if name in fields}
    counts = Counter(name for name, _ in pairs)
    if repeated := [name for name, count in counts.items() if count > 1 and name not in lists]:
        errors = [FieldError(field=name, code="repeated", message="This was given more than once") for name in repeated]
        raise ValidationFailedError("A query field was given more than once.", field_errors=errors)
    return fields


def parse_form(body: bytes) -> dict[str, str]:
    """Parse a form of UTF-8 text; raises `BadRequestError` when it cannot be read, or has a field twice."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MOST_FORM_FIELDS,
        )
    except ValueError:
        raise BadRequestError("The form cannot be read.", code="malformed_form") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadRequestError("A field of the form was given more than once.", code="malformed_form")
    return fields


def check_declared_size(headers: Mapping[bytes, bytes], limit: int) -> None:
    """Refuse a body whose headers say that it has more than `limit` bytes, or say nothing that can be read."""
    declared = headers.get(b"content-length", b"0")
    if not declared.isdigit() or int(declared[:20]) > limit:
        raise _too_large(limit)


async def read_body(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    """Read a body of at most `limit` bytes, whatever its headers say; raises `PayloadTooLargeError`."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> PayloadTooLargeError:
    return PayloadTooLargeError(f"The body is larger than {limit:,} bytes.")
