"""How one operation becomes a request and its answer a value: worked out once, used by every call."""

import inspect
import re
from threading import RLock
from types import NoneType
from typing import Any, Generic, TypeVar, cast, get_type_hints
from urllib.parse import quote, urlencode

from pydantic import SecretStr, ValidationError
from pydantic_core import to_json, to_jsonable_python

from central.access import Anyone
from central.errors import ValidationFailedError
from central.kernel.model import Input
from central.kernel.operation import Operation
from central_client.errors import UnreadableAnswerError

T = TypeVar("T")
_NAME_IN_PATH = re.compile(r"\{(\w+)\}")
_building = RLock()


def _revealed(value: Any) -> Any:
    """Give the value with its secrets as they are: pydantic writes them as asterisks, wherever they stand."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return {key: _revealed(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_revealed(item) for item in cast("list[Any]", value)]
    return value


class Plan(Generic[T]):
    """An operation, taken apart: its path, its input and its output."""

    def __init__(self, operation: Operation[..., Any, T], *, keeps_session: bool = False) -> None:
        self.operation = operation
        self.keeps_session = keeps_session
        self.method = operation.method
        self.in_tenant = operation.in_tenant
        self.signs_in = isinstance(operation.access, Anyone) and operation.sends_body
        self.keyed = operation.method in {"POST", "PATCH"}
        self.sends_body = operation.sends_body
        # Literals and names in turn: ["/v1/tenants/", "tenant", "/me"].
        self._path = _NAME_IN_PATH.split(operation.path)
        self._placed_in_path = frozenset(operation.path_names)
        self._input = operation.input_class
        output: Any = operation.output
        self._output: Any = None if output is NoneType else output
        with _building:  # models build themselves at first use, which two threads must not begin at once
            self._input.model_rebuild()
            if self._output is not None:
                self._output.model_rebuild()

    def check(self, arguments: dict[str, Any]) -> Input:
        """Make the input; raises `ValidationFailedError`, which never repeats what was given."""
        try:
            return self._input(**arguments)
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
        # Outside of the handler: pydantic's error knows the input, and would stay as the context of ours.
        raise ValidationFailedError.from_details(details)

    def tenant_in(self, given: Input) -> str | None:
        """Give the tenant that the caller named."""
        return given.__dict__["tenant"] if self.in_tenant else None

    def path(self, given: Input, tenant: str | None) -> str:
        """Fill the path; raises `ValidationFailedError` for what would name another one."""
        parts = list(self._path)
        for place in range(1, len(parts), 2):
            name = parts[place]
            value: str | None = tenant if name == "tenant" and self.in_tenant else given.__dict__[name]
            if value is None:
                raise ValidationFailedError.of(
                    name,
                    "Give a tenant to this call, to the client, in CENTRAL_TENANT or in a profile.",
                    code="tenant_missing",
                )
            if value in {"", ".", ".."}:
                raise ValidationFailedError.of(name, f"{value!r} cannot be part of a path.", code="path_value")
            parts[place] = quote(value, safe="")
        return "".join(parts)

    def query(self, given: Input) -> str:
        """Write the given fields that are not in the path as a query; null is the same as absent there."""
        if self.sends_body or given.model_fields_set <= self._placed_in_path:
            return ""
        fields = given.model_dump(
            by_alias=True, exclude_unset=True, exclude_none=True, exclude=set(self._placed_in_path)
        )
        pairs = {name: _query_value(value) for name, value in fields.items()}
        return f"?{urlencode(pairs, doseq=True, quote_via=quote)}" if pairs else ""

    def body(self, given: Input) -> bytes | None:
        """Write the given fields that are not in the path as JSON; secrets as they are, absent fields not at all."""
        if not self.sends_body:
            return None
        fields = given.model_dump(by_alias=True, exclude_unset=True, exclude=set(self._placed_in_path))
        return to_json(_revealed(fields)) if fields else b"{}"

    def read(self, content: bytes) -> T:
        """Read an answer; raises `UnreadableAnswerError`, which names the fields and never their values."""
        if self._output is None:
            return None  # type: ignore[return-value]  # T is None where the output is NoneType
        try:
            value: T = self._output.model_validate_json(content)
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
            where = ", ".join(dict.fromkeys(".".join(map(str, detail["loc"])) or "the body" for detail in details[:5]))
            raise UnreadableAnswerError(
                f"{self.operation.name}: the server's answer is no {self._output.__name__}; see {where}."
            ) from None
        return value

    def signature(self, returns: Any) -> inspect.Signature:
        """Give the signature that the input's fields imply: keyword-only, in Python's names."""
        hints = get_type_hints(self._input)  # without what `Annotated` adds
        parameters = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=hints[name],
                default=inspect.Parameter.empty if field.is_required() else field.get_default(),
            )
            for name, field in self._input.model_fields.items()
        ]
        return inspect.Signature(parameters, return_annotation=returns)

    def documentation(self) -> str:
        """Give what a caller should know: what it does, what it takes, which errors to expect."""
        operation = self.operation
        errors = [f"    {error.__name__} ({error.status})" for error in operation.all_errors]
        about = [f"{operation.summary}.", operation.description, inspect.getdoc(self._input) or ""]
        return "\n\n".join([*filter(None, about), "\n".join(["Raises:", *errors])])


def _query_value(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        return [_query_value(item) for item in cast("list[Any]", value)]
    return str(to_jsonable_python(value))
