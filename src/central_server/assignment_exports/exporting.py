"""An export of assignments, as a worker does it: unit by unit in the order of the tree, into the job's file."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from central.assignment_exports.models import StartAssignmentExportInput
from central.assignment_imports.models import NONE
from central.jobs.models import AssignmentExportResult
from central.kernel.ids import JobId, TenantId
from central_server.infra.db import Database, ReadExecutor
from central_server.jobs.exporting import TYPES, as_lines, as_table, in_pages
from central_server.jobs.files import JobFiles
from central_server.jobs.runs import Outcome, Run
from central_server.jobs.working import JobWork, Tally
from central_server.units.directory import UnitDirectory
from central_server.units.mapping import called, in_tree_order, written
from central_server.units.placements import UnitPlacements
from central_server.units.tables import DBPlaced, DBUnit

_COLUMNS: Final = ("unit", "user", "role", "starts_at", "ends_at")
_UNITS_OF_PAGE: Final = 500


class AssignmentExporter:
    """Does exports of assignments. All are read in one snapshot, so that who moves meanwhile is in it once."""

    def __init__(
        self, db: Database, work: JobWork, files: JobFiles, directory: UnitDirectory, placements: UnitPlacements
    ) -> None:
        self.db = db
        self.work = work
        self.files = files
        self.directory = directory
        self.placements = placements

    async def run(self, tenant: TenantId, job: JobId) -> str | None:
        """Do an export; gives how it ended, or None when there was nothing to do."""
        return await self.work.do(tenant, job, "exporting", self._export)

    async def _export(self, run: Run) -> Outcome:
        asked = StartAssignmentExportInput.model_validate(dict(run.options))
        async with self.db.snapshot(run.tenant_id) as reader:
            rows = [row async for row in self._rows(run, asked, reader)]
        tally = Tally(self.work.runs, run, "exporting", len(rows), _result)
        pages = in_pages(rows)
        content = as_lines(pages, tally) if asked.format == "ndjson" else as_table(_COLUMNS, pages, tally)
        file = await self.files.TX_write(run, f"assignments.{asked.format}", TYPES[asked.format], content)
        return Outcome(_result(tally.done), file=file)

    async def _rows(
        self, run: Run, asked: StartAssignmentExportInput, reader: ReadExecutor
    ) -> AsyncGenerator[Mapping[str, str]]:
        """Give who is in units in use, or at a moment in any that there still is."""
        units = await self.directory.list_all(run.tenant_id, reader)
        since = asked.at or await self.placements.now(run.tenant_id, reader)
        shown = [unit for unit in units if asked.at is not None or unit["archived_at"] is None]
        in_order = list(in_tree_order(shown, asked.below))
        for first in range(0, len(in_order), _UNITS_OF_PAGE):
            page = {unit["id"]: unit for unit in in_order[first : first + _UNITS_OF_PAGE]}
            placed = await self.placements.list_placed(run.tenant_id, page, since, asked.at, reader)
            order = {unit: place for place, unit in enumerate(page)}
            for one in sorted(placed, key=lambda one: (order[one["unit_id"]], one["starts_at"], one["id"])):
                yield _row(one, page[one["unit_id"]])


def _row(one: DBPlaced, unit: DBUnit) -> dict[str, str]:
    """Give a row that says all, so that whoever reads it leaves nothing as it was."""
    values = (called(unit), one["email"], one["role"], one["starts_at"], one["ends_at"])
    return {name: _text(value) for name, value in zip(_COLUMNS, values, strict=True)}


def _text(value: Any) -> str:
    return NONE if value is None else value if isinstance(value, str) else written(value)


def _result(exported: int) -> dict[str, Any]:
    return AssignmentExportResult(exported=exported).model_dump(mode="json", by_alias=False, exclude={"type_"})
