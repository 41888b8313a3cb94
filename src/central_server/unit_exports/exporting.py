"""An export of units, as a worker does it: the tree as it is at one moment, into the job's file."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from central.jobs.models import UnitExportResult
from central.kernel.ids import JobId, TenantId
from central.unit_exports.models import StartUnitExportInput
from central_server.infra.db import Database
from central_server.jobs.exporting import TYPES, as_lines, as_table, in_pages
from central_server.jobs.files import JobFiles
from central_server.jobs.runs import Outcome, Run
from central_server.jobs.working import JobWork, Tally
from central_server.unit_exports.rows import cells_of, columns_of, in_order
from central_server.units.directory import UnitDirectory


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
        content = as_lines(in_pages(rows), tally) if asked.format == "ndjson" else _table(rows, tally)
        file = await self.files.TX_write(run, f"units.{asked.format}", TYPES[asked.format], content)
        return Outcome(_result(tally.done), file=file)


def _table(rows: Sequence[dict[str, Any]], tally: Tally) -> AsyncGenerator[bytes]:
    cells = [cells_of(row) for row in rows]
    return as_table(columns_of({name for row in cells for name in row}), in_pages(cells), tally)


def _result(exported: int) -> dict[str, Any]:
    return UnitExportResult(exported=exported).model_dump(mode="json", by_alias=False, exclude={"type_"})
