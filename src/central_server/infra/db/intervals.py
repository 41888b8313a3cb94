"""Spans of time in statements."""

from typing import Any

from sqlalchemy import ColumnElement, Interval, func


def seconds(count: ColumnElement[Any] | int) -> ColumnElement[Any]:
    """Give an `interval` of so many seconds."""
    return func.make_interval(0, 0, 0, 0, 0, 0, count, type_=Interval)
