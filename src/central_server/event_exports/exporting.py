"""An export of events, as a worker does it: page by page into the job's file."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any, Final

from central.event_exports.models import EventExportFormat, StartEventExportInput
from central.jobs.models import EventExportResult
from central.kernel.ids import JobId, TenantId
from central_server.event_exports.parquet import parquet_of
from central_server.event_exports.policy import LACKING, writes_parquet
from central_server.event_exports.rows import COLUMNS, EventRow, row_of
from central_server.events.service import EventService, ToldEvent
from central_server.infra.csv_lines import csv_line
from central_server.jobs.files import JobFiles
from central_server.jobs.runs import Outcome, Run
from central_server.jobs.working import JobWork, Tally, WorkFailedError

_TYPES: Final[dict[EventExportFormat, str]] = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


class EventExporter:
    """Does exports: of what had happened when the job began, the earliest first."""

    def __init__(self, work: JobWork, files: JobFiles, events: EventService) -> None:
        self.work = work
        self.files = files
        self.events = events

    async def run(self, tenant: TenantId, job: JobId) -> str | None:
        """Do an export; gives how it ended, or None when there was nothing to do."""
        return await self.work.do(tenant, job, "exporting", self._export)

    async def _export(self, run: Run) -> Outcome:
        asked = StartEventExportInput.model_validate(dict(run.options))
        if asked.format == "parquet" and not writes_parquet():
            raise WorkFailedError("parquet_unavailable", LACKING, _result(0))
        tally = Tally(self.work.runs, run, "exporting", None, _result)
        content = _content(asked.format, self._pages(run, asked, tally))
        file = await self.files.TX_write(run, f"events.{asked.format}", _TYPES[asked.format], content)
        return Outcome(_result(tally.done), file=file)

    async def _pages(self, run: Run, asked: StartEventExportInput, tally: Tally) -> AsyncGenerator[Sequence[ToldEvent]]:
        last = None
        while page := await self.events.page_to_export(run.tenant_id, asked, run.created_at, last):
            yield page
            await tally.TX_add(len(page))
            last = page[-1]


def _content(kind: EventExportFormat, pages: AsyncIterator[Sequence[ToldEvent]]) -> AsyncGenerator[bytes]:
    match kind:
        case "ndjson":
            return _lines(pages)
        case "csv":
            return _table(_rows(pages))
        case "parquet":
            return parquet_of(_rows(pages))


async def _lines(pages: AsyncIterator[Sequence[ToldEvent]]) -> AsyncGenerator[bytes]:
    async for page in pages:
        yield b"".join(told.event.model_dump_json(by_alias=True).encode() + b"\n" for told in page)


async def _rows(pages: AsyncIterator[Sequence[ToldEvent]]) -> AsyncGenerator[Sequence[EventRow]]:
    async for page in pages:
        yield [row_of(told.event, told.kind, told.target) for told in page]


async def _table(pages: AsyncIterator[Sequence[EventRow]]) -> AsyncGenerator[bytes]:
    yield csv_line(COLUMNS)
    async for rows in pages:
        yield b"".join(csv_line(row.cells()) for row in rows)


def _result(exported: int) -> dict[str, Any]:
    return EventExportResult(exported=exported).model_dump(mode="json", by_alias=False, exclude={"type_"})
