"""Rows as the content of a job's file: a table for people, or a JSON object in each line."""

from collections.abc import AsyncGenerator, AsyncIterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from pydantic_core import to_json

from central.unit_exports.models import UnitExportFormat
from central_server.infra.csv_lines import csv_line
from central_server.jobs.working import Tally

Pages: TypeAlias = AsyncIterable[Sequence[Mapping[str, Any]]]
TYPES: Final[Mapping[UnitExportFormat, str]] = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}


async def as_lines(pages: Pages, tally: Tally) -> AsyncGenerator[bytes]:
    """Write rows as JSON, one in a line."""
    async for page in pages:
        yield b"".join(to_json(row) + b"\n" for row in page)
        await tally.TX_add(len(page))


async def as_table(columns: Sequence[str], pages: Pages, tally: Tally) -> AsyncGenerator[bytes]:
    """Write the cells of rows behind a line of their names."""
    yield csv_line(columns)
    async for page in pages:
        yield b"".join(csv_line([row.get(name, "") for name in columns]) for row in page)
        await tally.TX_add(len(page))


async def in_pages(rows: Sequence[Mapping[str, Any]], size: int = 500) -> AsyncGenerator[Sequence[Mapping[str, Any]]]:
    """Give rows that are there already as pages."""
    for first in range(0, len(rows), size):
        yield rows[first : first + size]
