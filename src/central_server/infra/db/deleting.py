"""Statements that delete what has ended, a batch at a time."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    FromClause,
    Integer,
    Select,
    Table,
    any_,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    true,
)

from .intervals import seconds

KEPT_LONG_ENOUGH: ColumnElement[Any] = func.now() - seconds(bindparam("kept_seconds", type_=Integer))
"""What ended before this may go."""


def delete_batch(
    table: Table,
    when: Callable[[FromClause], ColumnElement[Any]],
    only: Callable[[FromClause], ColumnElement[bool]] = lambda _: true(),
) -> Delete:
    """Delete up to `count` rows of all tenants for which `when` is more than `kept_seconds` ago, the oldest first.

    `when` is what an index begins with; `only` is what must hold besides. The rows are chosen by it and then found by
    their place, so that no batch reads the table; what somebody else has locked is left for another time, so that
    none waits.
    """
    ended = table.alias("ended")
    at = when(ended)
    place: ColumnElement[Any] = literal_column("ended.ctid")
    chosen: Select[Any] = (
        select(place)
        .select_from(ended)
        .where(at < KEPT_LONG_ENOUGH, only(ended))
        .order_by(at)
        .limit(bindparam("count", type_=Integer))
        .with_for_update(skip_locked=True)
    )
    return delete(table).where(literal_column(f"{table.name}.ctid") == any_(func.array(chosen.scalar_subquery())))
