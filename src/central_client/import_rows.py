"""Rows for an import: Python objects, a table of comma-separated values, or a JSON object for each line."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from pydantic_core import to_json

from central.kernel.cells import unshielded

RowSource: TypeAlias = str | Path | Iterable[Mapping[str, Any]]
_AS_JSON: Final = ":json"
_MOST_ROWS: Final = 200
"""Of a chunk: fewer than the server takes, as it answers nobody else while it reads them."""

_MOST_BYTES: Final = 700_000
"""Of a chunk: the server takes bodies of 1 MiB unless it is told otherwise."""


def read_source(source: RowSource) -> Iterator[dict[str, Any]]:
    """Give the rows; `ValueError` says in which line a file cannot be read."""
    if not isinstance(source, str | Path):
        yield from ({name: _plain(value) for name, value in row.items() if value is not None} for row in source)
        return
    path = Path(source)
    if path.suffix.lower() == ".csv":
        yield from _read_csv(path)
    elif path.suffix.lower() in {".ndjson", ".jsonl"}:
        yield from _read_ndjson(path)
    else:
        raise ValueError(f"{path.name}: rows are read from .csv, .ndjson and .jsonl files")


def _plain(value: Any) -> Any:
    """Write a moment as JSON does (RFC 3339)."""
    return value.isoformat() if isinstance(value, datetime) else value


def chunks_of(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Put rows together, as many as go in one request."""
    chunk, size = list[dict[str, Any]](), 0
    for row in rows:
        length = len(to_json(row)) + 1
        if chunk and (len(chunk) == _MOST_ROWS or size + length > _MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += length
    if chunk:
        yield chunk


def _read_csv(path: Path) -> Iterator[dict[str, Any]]:
    """Read a table with a line of names; dots lead inside (`tags.team`), and an empty cell says nothing.

    An apostrophe that keeps a spreadsheet from running a cell is no part of it; `:json` behind a name says that its
    cells are JSON. So a table that `users.export_users` wrote says what it was written from.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        for cells in reader:
            if None in cells or None in cells.values():
                raise ValueError(f"{path.name}, line {reader.line_num}: it has not as many cells as the first line")
            row: dict[str, Any] = {}
            for name, text in cells.items():
                if text.strip():
                    try:
                        _put(row, name.strip(), unshielded(text))
                    except ValueError:
                        raise ValueError(f"{path.name}, line {reader.line_num}: {name} is not JSON") from None
            yield row


def _put(row: dict[str, Any], name: str, text: str) -> None:
    if name == "roles":
        row["roles"] = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
        return
    value: Any = text
    if name.endswith(_AS_JSON):
        name, value = name.removesuffix(_AS_JSON), json.loads(text)
    outer, dot, inner = name.partition(".")
    if dot:
        row.setdefault(outer, {})[inner] = value
    else:
        row[name] = value


def _read_ndjson(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                raise ValueError(f"{path.name}, line {number}: this is not JSON") from None
            if not isinstance(row, dict):
                raise ValueError(f"{path.name}, line {number}: expected an object")  # noqa: TRY004 (the file is wrong)
            yield row
