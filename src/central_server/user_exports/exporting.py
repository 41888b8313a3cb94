"""An export of users, as a worker does it: page by page into the job's file."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any, Final

from pydantic_core import to_json

from central.jobs.models import UserExportResult
from central.kernel.ids import JobId, TenantId
from central.user_exports.models import StartUserExportInput, UserExportFormat
from central_server.infra.csv_lines import csv_line
from central_server.jobs.files import JobFiles
from central_server.jobs.runs import Outcome, Run
from central_server.jobs.working import JobWork, Tally, WorkFailedError
from central_server.user_exports.rows import cells_of, columns_of, object_of
from central_server.users.directory import UserDirectory
from central_server.users.tables import DBExportedUser

_TRIES: Final = 3
_TYPES: Final[dict[UserExportFormat, str]] = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}


class _NewColumnError(Exception):
    """A user has got something for which the table has no column."""


class UserExporter:
    """Does exports. Users are read by their ids, in pages: each as it is when its page is read."""

    def __init__(self, work: JobWork, files: JobFiles, directory: UserDirectory) -> None:
        self.work = work
        self.files = files
        self.directory = directory

    async def run(self, tenant: TenantId, job: JobId) -> str | None:
        """Do an export; gives how it ended, or None when there was nothing to do."""
        return await self.work.do(tenant, job, "exporting", self._export)

    async def _export(self, run: Run) -> Outcome:
        asked = StartUserExportInput.model_validate(dict(run.options))
        total = await self.directory.count_matching(run.tenant_id, asked)
        for _ in range(_TRIES):
            tally = Tally(self.work.runs, run, "exporting", total, _result)
            content = self._lines(run, asked, tally) if asked.format == "ndjson" else self._table(run, asked, tally)
            try:
                file = await self.files.TX_write(run, f"users.{asked.format}", _TYPES[asked.format], content)
            except _NewColumnError:
                continue
            return Outcome(_result(tally.done), file=file)
        message = "Tags, attributes or external ids of new names came again and again meanwhile; try again."
        raise WorkFailedError("columns_changed", message, _result(0))

    async def _lines(self, run: Run, asked: StartUserExportInput, tally: Tally) -> AsyncGenerator[bytes]:
        async for page in self._pages(run, asked):
            yield b"".join(to_json(object_of(user)) + b"\n" for user in page)
            await tally.TX_add(len(page))

    async def _table(self, run: Run, asked: StartUserExportInput, tally: Tally) -> AsyncGenerator[bytes]:
        columns = columns_of({name async for page in self._pages(run, asked) for name in _names_in(page)})
        known = frozenset(columns)
        yield csv_line(columns)
        async for page in self._pages(run, asked):
            rows = [cells_of(user) for user in page]
            if any(row.keys() - known for row in rows):
                raise _NewColumnError
            yield b"".join(csv_line([row.get(name, "") for name in columns]) for row in rows)
            await tally.TX_add(len(page))

    async def _pages(self, run: Run, asked: StartUserExportInput) -> AsyncIterator[Sequence[DBExportedUser]]:
        last = None
        while page := await self.directory.page_to_export(run.tenant_id, asked, last):
            yield page
            last = page[-1]["id"]


def _names_in(page: Sequence[DBExportedUser]) -> set[str]:
    return {name for user in page for name in cells_of(user)}


def _result(exported: int) -> dict[str, Any]:
    return UserExportResult(exported=exported).model_dump(mode="json", by_alias=False, exclude={"type_"})
