"""Parquet, where `pyarrow` is installed (`central[parquet]`): it is large, and few need it."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from importlib import import_module
from typing import Any

from central_server.event_exports.rows import COLUMNS, EventRow


class _Drain:
    """A file for `pyarrow` to write to, whose bytes are taken away as they come."""

    closed = False

    def __init__(self) -> None:
        self._written = list[bytes]()

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        return len(self._written[-1])

    def flush(self) -> None: ...

    def take(self) -> bytes:
        taken = b"".join(self._written)
        self._written.clear()
        return taken


async def parquet_of(pages: AsyncIterator[Sequence[EventRow]]) -> AsyncGenerator[bytes]:
    """Write pages of rows as a Parquet file, each a row group."""
    pyarrow: Any = import_module("pyarrow")
    parquet: Any = import_module("pyarrow.parquet")
    types = {"occurred_at": pyarrow.timestamp("us", tz="UTC")}
    schema = pyarrow.schema([(name, types.get(name, pyarrow.string())) for name in COLUMNS])
    drain = _Drain()
    with parquet.ParquetWriter(pyarrow.PythonFile(drain, mode="w"), schema, compression="zstd") as writer:
        async for rows in pages:
            columns = dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
            writer.write_table(pyarrow.Table.from_pydict(columns, schema=schema))
            yield drain.take()
    yield drain.take()
