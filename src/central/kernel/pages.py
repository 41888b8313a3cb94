"""Lists come in pages: a named key with the items, and an opaque cursor to the next ones."""

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar, cast

from pydantic import Field

from central.kernel.model import Input, Response, TenantInput
from central.kernel.text import LongLine

Item = TypeVar("Item", covariant=True)


class PageInput(Input):
    """What every list takes."""

    limit: int = Field(default=50, ge=1, le=200, strict=False, description="How many items a page holds, 1 to 200.")
    cursor: LongLine | None = Field(default=None, description="`nextCursor` of the page before.")


class TenantPageInput(TenantInput, PageInput):
    """What every list inside a tenant takes."""


class Page(Response, Generic[Item]):
    """One page of a list. Subclasses hold the items in one list with a name of its own."""

    items_field: ClassVar[str]

    next_cursor: str | None = Field(
        default=None, description="Give it as `cursor` for the next page; null on the last."
    )

    @property
    def items(self) -> Sequence[Item]:
        """The items of this page, whatever their key is called."""
        return cast("Sequence[Item]", getattr(self, self.items_field))

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Find the one list among the fields."""
        super().__pydantic_init_subclass__(**kwargs)
        lists = [
            name for name, field in cls.model_fields.items() if getattr(field.annotation, "__origin__", None) is list
        ]
        if lists:
            (cls.items_field,) = lists
