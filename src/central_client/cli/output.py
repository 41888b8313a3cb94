"""What commands print: aligned on a terminal, tab-separated lines and JSON for programs."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from central_client.screens import plain


def print_fields(fields: Sequence[tuple[str, str]]) -> None:
    """Print names with their values."""
    print_rows([(name, value) for name, value in fields])


def print_rows(rows: Sequence[Sequence[str]]) -> None:
    """Print rows whose columns are aligned on a terminal, and separated by tabs elsewhere."""
    cells = [[plain(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        lines = ["\t".join(row) for row in cells]
    else:
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
    sys.stdout.writelines(f"{line}\n" for line in lines)


def print_json(value: Any) -> None:
    """Print a value for programs."""
    sys.stdout.write(f"{json.dumps(value, indent=2)}\n")


def print_line(text: str) -> None:
    """Print a result."""
    sys.stdout.write(f"{plain(text)}\n")


def warn(text: str) -> None:
    """Tell a person something, beside the results."""
    sys.stderr.write(f"central: {plain(text)}\n")
