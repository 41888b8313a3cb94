"""An export of units, as a worker does it: the tree as it is at one moment, into the job's file."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

from pydantic_core import to_json

from central.jobs.models import UnitExportResult
from central.kernel.ids import JobId, TenantId
from central.unit_exports.models import StartUnitExportInput, UnitExportFormat
from central_server.infra.csv_lines import csv_line
from central_server.infra.db import Database
from central_server.jobs.files import JobFiles
from central_server.jobs.runs import Outcome, Run
from central_server.jobs.working import JobWork, Tally
from central_server.unit_exports.rows import cells_of, columns_of, in_order
from central_server.units.directory import UnitDirectory

_TYPES: Final[dict[UnitExportFormat, str]] = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
_PAGE: Final = 500


class UnitExporter:
    """Does exports of units. All are read in one snapshot, so that no parent is missing."""

    def __init__(self, db: Database, work: JobWork, files: JobFiles, directory: UnitDirectory) -> None:
        self.db = db
        self.work = work
        self.files = files
        self.directory = directory

    async def run(self, tenant: TenantId, job: JobId) -> str | None:
        """Do an export; gives how it ended, or None when there was nothing to do."""
        return await self.work.do(tenant, job, "exporting", self._export)

    async def _export(self, run: Run) -> Outcome:
        asked = StartUnitExportInput.model_validate(dict(run.options))
        async with self.db.snapshot(run.tenant_id) as reader:
            rows = list(in_order(await self.directory.list_all(run.tenant_id, reader), asked.below))
        tally = Tally(self.work.runs, run, "exporting", len(rows), _result)
        content = _lines(rows, tally) if asked.format == "ndjson" else _table(rows, tally)
        file = await self.files.TX_write(run, f"units.{asked.format}", _TYPES[asked.format], content)
        return Outcome(_result(tally.done), file=file)


async def _lines(rows: Sequence[dict[str, Any]], tally: Tally) -> AsyncGenerator[bytes]:
    for first in range(0, len(rows), _PAGE):
        page = rows[first : first + _PAGE]
        yield b"".join(to_json(row) + b"\n" for row in page)
        await tally.TX_add(len(page))


async def _table(rows: Sequence[dict[str, Any]], tally: Tally) -> AsyncGenerator[bytes]:
    cells = [cells_of(row) for row in rows]
    columns = columns_of({name for row in cells for name in row})
    yield csv_line(columns)
    for first in range(0, len(cells), _PAGE):
        page = cells[first : first + _PAGE]
        yield b"".join(csv_line([row.get(name, "") for name in columns]) for row in page)
        await tally.TX_add(len(page))


def _result(exported: int) -> dict[str, Any]:
    return UnitExportResult(exported=exported).model_dump(mode="json", by_alias=False, exclude={"type_"})
