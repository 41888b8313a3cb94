"""Parameters of statements."""

from typing import Any

from sqlalchemy import ColumnElement, bindparam


def parameters(*names: str) -> dict[str, ColumnElement[Any]]:
    """Give the values of an INSERT whose columns are filled by parameters of their own names."""
    return {name: bindparam(name) for name in names}
