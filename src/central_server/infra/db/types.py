"""Column types of Central's own: rich ids as `uuid`, string enums as checked text."""

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Dialect, Enum, TypeDecorator, Uuid

from central.kernel.ids import RichId

_Id = TypeVar("_Id", bound=RichId)


class RichIdColumn(TypeDecorator[_Id]):
    """A `uuid` column that is a rich id in Python; comparisons take the id or a bare UUID."""

    impl = Uuid
    cache_ok = True

    def __init__(self, id_type: type[_Id], *, remembered: int = 0) -> None:
        """Keep the last `remembered` ids that were read, for columns where the same come again and again."""
        super().__init__()
        self.id_type = id_type
        spell: Callable[[UUID], _Id] = id_type.from_uuid
        self._spell = lru_cache(remembered)(spell) if remembered else spell

    def process_bind_param(self, value: _Id | UUID | None, dialect: Dialect) -> UUID | None:  # noqa: ARG002 (SQLAlchemy's hook)
        """Give the 128 bits; an id of another kind is a `TypeError`."""
        if value is None or isinstance(value, UUID):
            return value
        if not isinstance(value, self.id_type):
            raise TypeError(f"expected {self.id_type.__name__}, got {type(value).__name__}")
        return value.uuid

    def reader(self, value: UUID | None) -> _Id | None:
        """Read a value as `process_result_value` does, without its ways around."""
        return None if value is None else self._spell(value)

    def process_result_value(self, value: UUID | None, dialect: Dialect) -> _Id | None:  # noqa: ARG002 (as above)
        """Give the rich id."""
        return None if value is None else self.id_type.from_uuid(value)


def text_enum(enum: type[StrEnum], *, length: int = 64) -> Enum:
    """Give a type that stores the members' values as text, so that adding one needs no migration of a type."""
    return Enum(enum, native_enum=False, length=length, values_callable=_values, validate_strings=True)


def _values(enum: Any) -> list[str]:
    return [member.value for member in enum]
