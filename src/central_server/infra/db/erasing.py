"""Statements that remove what a tenant has, a batch at a time: each domain declares those of its own tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from sqlalchemy import CTE, ColumnElement, Integer, Table, bindparam, delete, func, select

from central.kernel.ids import TenantId

from .query import Query
from .types import RichIdColumn

_TENANT: Final = bindparam("tenant_id", type_=RichIdColumn(TenantId))
_COUNT: Final = bindparam("count", type_=Integer)


@dataclass(frozen=True, slots=True)
class Erasure:
    """Removes up to `count` rows of a tenant from `tables`, of which the first names it.

    The query gives one row, with how many went of each table. It runs as the tenant, so that row-level security keeps
    it to the tenant's rows whatever its predicate says; where the application may not delete at all, `as_platform`.
    """

    tables: tuple[Table, ...]
    query: Query[Mapping[str, int]]
    as_platform: bool = False

    @property
    def name(self) -> str:
        """As which stage it is told."""
        return self.tables[0].name


@cache
def erase(table: Table, *, as_platform: bool = False) -> Erasure:
    """Declare how a table's rows of a tenant go; those that refer to them have gone before."""
    keys = [column.name for column in table.primary_key if column.name != "tenant_id"] or ["tenant_id"]
    gone = _deleted(table, _chosen(table, keys), {key: key for key in keys}, "gone")
    return Erasure((table,), Query(select(_counted(gone, table))), as_platform)


@cache
def erase_with(table: Table, part: Table, owner: str) -> Erasure:
    """As `erase` for rows and parts that refer to each other, and so go together; `owner` is the parts' column."""
    chosen = _chosen(table, ["id"])
    parts, gone = _deleted(part, chosen, {owner: "id"}, "parts_gone"), _deleted(table, chosen, {"id": "id"}, "gone")
    return Erasure((table, part), Query(select(_counted(gone, table), _counted(parts, part))))


def _chosen(table: Table, keys: Sequence[str]) -> CTE:
    """Choose a batch by the index that begins with the tenant.

    Not locked, which the application may not do with all tables: what another transaction changes meanwhile keeps its
    key and goes all the same, and what it deletes has gone.
    """
    first = table.alias("first")
    return select(*(first.c[key] for key in keys)).where(first.c.tenant_id == _TENANT).limit(_COUNT).cte("chosen")


def _deleted(table: Table, chosen: CTE, keys: Mapping[str, str], name: str) -> CTE:
    are_chosen = [table.c[key] == chosen.c[chosen_key] for key, chosen_key in keys.items()]
    return delete(table).where(table.c.tenant_id == _TENANT, *are_chosen).returning(table.c.tenant_id).cte(name)


def _counted(gone: CTE, table: Table) -> ColumnElement[int]:
    return select(func.count()).select_from(gone).scalar_subquery().label(table.name)
