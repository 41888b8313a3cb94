"""The bases of everything that crosses the wire: inputs, resources and responses."""

import inspect
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

from central.kernel.text import TenantRef


class Model(BaseModel):
    """What inputs and outputs share: snake_case in Python, camelCase in JSON."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        frozen=True,
        defer_build=True,
        hide_input_in_errors=True,
    )


class Input(Model):
    """What an operation takes. Unknown fields are refused; there is no `__type`."""

    model_config = ConfigDict(extra="forbid")


class TenantInput(Input):
    """What an operation inside one tenant takes; `tenant` is filled from the client when not given."""

    tenant: TenantRef | None = Field(default=None, description="The tenant's id or slug.")


class PatchInput(TenantInput):
    """What a PATCH takes: an absent field is left alone, and null clears a field that is named `clearable`."""

    clearable: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _refuse_null(self) -> Self:
        names = (name for name in type(self).model_fields if name in self.model_fields_set)
        nulls = [name for name in names if getattr(self, name) is None and name not in self.clearable | {"tenant"}]
        if nulls:
            raise ValidationError.from_exception_data(type(self).__name__, list(map(_not_clearable, nulls)))
        return self


def _not_clearable(name: str) -> InitErrorDetails:
    return InitErrorDetails(
        type=PydanticCustomError("not_clearable", "This cannot be cleared"), loc=(to_camel(name),), input=None
    )


class Output(Model):
    """What an operation gives. It carries `__type`, its own name; fields of newer servers are kept."""

    model_config = ConfigDict(extra="allow", json_schema_serialization_defaults_required=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Add the `__type` field: plain data, since a computed one costs on every row of a list."""
        super().__init_subclass__(**kwargs)
        name = cls.__name__.partition("[")[0]
        tag: Any = str if name.startswith("Unknown") else Literal[name]
        cls.__annotations__ = {**inspect.get_annotations(cls), "type_": tag}
        setattr(cls, "type_", Field(default=name, alias="__type"))  # noqa: B010 (a field, made for pydantic)


class Resource(Output):
    """A thing with an id, as others may see it. `…Public`: anyone. `…Private`: its owner. No suffix: its tenant."""


class Response(Output):
    """What an operation gives that is no resource of its own: a list in a named key, an outcome."""
