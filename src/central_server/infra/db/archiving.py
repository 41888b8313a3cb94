"""Tables in archives: which of their columns, in which order, and how rows are read, written and inserted.

A row of an archive never says whose it is: its tenant is that of the archive.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, create_model
from pydantic_core import to_json
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    insert,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import TenantId

from .query import Query
from .types import RichIdColumn

_TENANT: Final = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_COUNT: Final = bindparam("count", type_=Integer)
_CONFIG: Final = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True, val_json_bytes="base64")
_Int4 = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
_Int8 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
_TYPES: Final[tuple[tuple[type, Any], ...]] = (
    (DateTime, AwareDatetime),
    (Boolean, bool),
    (LargeBinary, bytes),
    (JSONB, Any),
    (ARRAY, list[str]),
    (BigInteger, _Int8),
    (Integer, _Int4),
    (Text, str),
)


class LeftOut:
    """Columns that an archive does not hold, each with the reason; where a row is inserted they have their defaults."""

    def __init__(self, **reasons: str) -> None:
        self.reasons: Final[Mapping[str, str]] = reasons


class Instead:
    """Values that columns get where a row is inserted, in place of what the archive does not hold."""

    def __init__(self, **values: Any) -> None:
        self.values: Final[Mapping[str, Any]] = values


@dataclass(frozen=True, slots=True, eq=False)
class Archived:
    """A table whose rows are archived.

    `first` and `next` give a page of rows, in an order that does not depend on when they were stored here; without a
    `next` there is one row at most. `insert` stores one: as the platform, where the application may not write all of
    its columns.
    """

    table: Table
    left_out: Mapping[str, str]
    row: type[BaseModel]
    order: tuple[str, ...]
    first: Query[Mapping[str, Any]]
    next: Query[Mapping[str, Any]] | None
    insert: Query[None]
    as_platform: bool

    @property
    def member(self) -> str:
        """The file that holds the rows."""
        return f"{self.table.name}.ndjson"

    def line(self, row: Mapping[str, Any]) -> bytes:
        """Write a row as a line of JSON."""
        return to_json({name: row[name] for name in self.row.model_fields}, bytes_mode="base64")

    def read(self, line: bytes) -> dict[str, Any]:
        """Read a line; pydantic's `ValidationError` for what is no row of this table."""
        return dict(self.row.model_validate_json(line))

    def after(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Give the parameters of the page behind a row."""
        return {f"after_{place}": row[name] for place, name in enumerate(self.order)}


@cache
def archived(
    table: Table,
    left_out: LeftOut | None = None,
    *,
    order: tuple[ColumnElement[Any], ...] = (),
    instead: Instead | None = None,
    only: ColumnElement[bool] | None = None,
    as_platform: bool = False,
) -> Archived:
    """Declare how a table is archived: all columns but those left out, by its primary key or the `order` given.

    What the database makes of other columns it makes anew. With `only`, other rows are left out.
    """
    made = {column.name: "made of other columns" for column in table.c if column.computed is not None}
    leave = {**made, **(left_out or LeftOut()).reasons}
    tenant = table.c["id" if table.name == "tenants" else "tenant_id"]
    kept = [column for column in table.c if column is not tenant and column.name not in leave]
    keys = order or tuple(column for column in table.primary_key if column is not tenant)
    shown = [*kept, *(key.label(f"order_{place}") for place, key in enumerate(keys))]
    which = (tenant == _TENANT,) if only is None else (tenant == _TENANT, only)
    listed = select(*shown).where(*which).order_by(*keys).limit(_COUNT)
    after = tuple_(*(bindparam(f"after_{place}", type_=key.type) for place, key in enumerate(keys)))
    given = {column.name: bindparam(column.name, type_=column.type) for column in kept}
    return Archived(
        table=table,
        left_out=leave,
        row=_model(table, kept),
        order=tuple(f"order_{place}" for place in range(len(keys))),
        first=Query(listed),
        next=Query(listed.where(tuple_(*keys) > after)) if keys else None,
        insert=Query(insert(table).values({**given, **(instead or Instead()).values, tenant.name: _TENANT})),
        as_platform=as_platform,
    )


def _model(table: Table, columns: Iterable[Column[Any]]) -> type[BaseModel]:
    fields: dict[str, Any] = {column.name: (_type(column), ...) for column in columns}
    return create_model(f"{table.name}_row", __config__=_CONFIG, **fields)


def _type(column: Column[Any]) -> Any:
    """Give what a column's values are in Python; a type that has not come up yet is a `TypeError`."""
    kind: Any = column.type
    found: Any = getattr(kind, "id_type", None) or next(
        (python for known, python in _TYPES if isinstance(kind, known)), None
    )
    if found is None:
        raise TypeError(f"archives know no {kind!r} yet")
    return found | None if column.nullable and found is not Any else found
