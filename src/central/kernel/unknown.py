"""What a newer server says and this version does not know is kept, never refused."""

from collections.abc import Callable
from typing import Any, cast

from pydantic import Discriminator, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class UnknownValue(str):
    """A word that this version does not know, in a field whose known words are listed beside it."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Accept any text."""
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())

    def __repr__(self) -> str:
        return f"UnknownValue({str(self)!r})"


UNKNOWN_TAG = "unknown"


def kind_or_unknown(*known: str) -> Discriminator:
    """Tell the arms of a union apart by `kind`; every kind not named goes to the arm tagged `unknown`."""

    def choose(value: Any) -> str:
        kind: Any = (
            cast("dict[str, Any]", value).get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
        )
        return kind if kind in known else UNKNOWN_TAG

    chosen: Callable[[Any], str] = choose
    return Discriminator(chosen)
