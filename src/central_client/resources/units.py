# ruff: noqa: PLC0415  (what few calls need is loaded by them: the time until the first one counts)

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Any, overload

from central.assignment_exports import operations as assignment_exports
from central.assignment_imports import operations as assignment_imports
from central.assignment_imports.models import OnMissingAssignment
from central.jobs.models import Job
from central.unit_exports import operations as exports
from central.unit_exports.models import UnitExportFormat
from central.unit_imports import operations as imports
from central.unit_imports.models import OnMissingUnit
from central.units import operations
from central_client.call import IO, Async, Call, PagedCall, Resource, Sync
from central_client.progress import screen_for
from central_client.resources.jobs import Jobs

if TYPE_CHECKING:
    from central_client.downloading import Target
    from central_client.import_rows import RowSource


class Units(Resource[IO]):
    """The organisation of a tenant: a tree of units."""

    create = Call(operations.CREATE_UNIT)
    list = PagedCall(operations.LIST_UNITS)
    get = Call(operations.GET_UNIT)
    get_by_code = Call(operations.GET_UNIT_BY_CODE)
    list_ancestors = PagedCall(operations.LIST_UNIT_ANCESTORS)
    get_path = PagedCall(operations.GET_UNIT_PATH)
    update = Call(operations.UPDATE_UNIT)
    move = Call(operations.MOVE_UNIT)
    reorder = Call(operations.REORDER_UNIT)
    archive = Call(operations.ARCHIVE_UNIT)
    restore = Call(operations.RESTORE_UNIT)
    delete = Call(operations.DELETE_UNIT)
    list_history = PagedCall(operations.LIST_UNIT_HISTORY)
    as_of = PagedCall(operations.GET_UNIT_CHART)
    assign = Call(operations.ASSIGN_UNIT)
    list_assignments = PagedCall(operations.LIST_UNIT_ASSIGNMENTS)
    get_assignment = Call(operations.GET_UNIT_ASSIGNMENT)
    update_assignment = Call(operations.UPDATE_UNIT_ASSIGNMENT)
    end_assignment = Call(operations.END_UNIT_ASSIGNMENT)
    remove_assignment = Call(operations.REMOVE_UNIT_ASSIGNMENT)
    start_import = Call(imports.START_UNIT_IMPORT)
    add_import_rows = Call(imports.ADD_UNIT_IMPORT_ROWS)
    run_import = Call(imports.RUN_UNIT_IMPORT)
    start_export = Call(exports.START_UNIT_EXPORT)
    start_assignment_import = Call(assignment_imports.START_ASSIGNMENT_IMPORT)
    add_assignment_import_rows = Call(assignment_imports.ADD_ASSIGNMENT_IMPORT_ROWS)
    run_assignment_import = Call(assignment_imports.RUN_ASSIGNMENT_IMPORT)
    start_assignment_export = Call(assignment_exports.START_ASSIGNMENT_EXPORT)

    @overload
    def import_units(
        self: "Units[Sync]",
        rows: "RowSource",
        *,
        dry_run: bool = False,
        all_or_nothing: bool = False,
        on_missing: OnMissingUnit = "ignore",
        archive_limit: int | None = None,
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Job: ...
    @overload
    def import_units(
        self: "Units[Async]",
        rows: "RowSource",
        *,
        dry_run: bool = False,
        all_or_nothing: bool = False,
        on_missing: OnMissingUnit = "ignore",
        archive_limit: int | None = None,
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Coroutine[Any, Any, Job]: ...
    def import_units(
        self,
        rows: "RowSource",
        *,
        dry_run: bool = False,
        all_or_nothing: bool = False,
        on_missing: OnMissingUnit = "ignore",
        archive_limit: int | None = None,
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Any:
        """Create, move and change units from rows, as a job that is waited for.

        `rows` are objects, or the path of a `.csv`, `.ndjson` or `.jsonl` file, in any order: `code`, `name`, `parent`
        (a code, or `-` for the top) and what else `units.create` takes. The code tells which unit a row is about; what
        a row does not say stays. In a CSV, dots lead inside (`tags.region`). With `dry_run` the job's result has a
        `plan`. The other options are those of `units.start_import`; `timeout` and `progress` those of `jobs.wait`.

        Raises `JobFailedError` when the job fails or is cancelled, `TimeoutError`, `ValueError` for a file that cannot
        be read, and what the operations raise. What is wrong with single rows is told by `jobs.list_row_errors`.
        """
        from central_client.importing import ImportPlans, import_flow

        options = {
            "dry_run": dry_run,
            "all_or_nothing": all_or_nothing,
            "on_missing": on_missing,
            "archive_limit": archive_limit,
        }
        plans = ImportPlans(
            Units.start_import.plan, Units.add_import_rows.plan, Units.run_import.plan, Jobs.get.plan, Jobs.cancel.plan
        )
        screen = screen_for(progress)
        return self.caller.run(import_flow(self.caller, plans, rows, options, tenant, timeout, screen, wait=wait))

    @overload
    def export_units(
        self: "Units[Sync]",
        *,
        to: "Target",
        below: str | None = None,
        format: UnitExportFormat = "csv",
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Job: ...
    @overload
    def export_units(
        self: "Units[Async]",
        *,
        to: "Target",
        below: str | None = None,
        format: UnitExportFormat = "csv",
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Coroutine[Any, Any, Job]: ...
    def export_units(
        self,
        *,
        to: "Target",
        below: str | None = None,
        format: UnitExportFormat = "csv",  # noqa: A002 (what people call it)
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Any:
        """Write the units in use into a file, in the order of the tree, and download it; gives the job.

        `to` is as for `jobs.download`, `below` chooses one and all below it; `timeout` and `progress` are those of
        `jobs.wait`. `import_units` reads the file again, and changes nothing where nothing has changed.

        Raises `JobFailedError`, `TimeoutError`, and what `units.start_export` and `jobs.download` raise.
        """
        from central_client.exporting import ExportPlans, export_flow

        given = {"below": below, "tenant": tenant}
        options = {"format": format} | {name: value for name, value in given.items() if value is not None}
        plans = ExportPlans(Units.start_export.plan, Jobs.get.plan)
        return self.caller.run(export_flow(self.caller, plans, options, tenant, to, timeout, screen_for(progress)))

    @overload
    def import_assignments(
        self: "Units[Sync]",
        rows: "RowSource",
        *,
        dry_run: bool = False,
        all_or_nothing: bool = False,
        on_missing: OnMissingAssignment = "ignore",
        end_limit: int | None = None,
        source: str | None = None,
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Job: ...
    @overload
    def import_assignments(
        self: "Units[Async]",
        rows: "RowSource",
        *,
        dry_run: bool = False,
        all_or_nothing: bool = False,
        on_missing: OnMissingAssignment = "ignore",
        end_limit: int | None = None,
        source: str | None = None,
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Coroutine[Any, Any, Job]: ...
    def import_assignments(
        self,
        rows: "RowSource",
        *,
        dry_run: bool = False,
        all_or_nothing: bool = False,
        on_missing: OnMissingAssignment = "ignore",
        end_limit: int | None = None,
        source: str | None = None,
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Any:
        """Assign people to units, change and end assignments as rows say, as a job that is waited for.

        `rows` are objects, or the path of a `.csv`, `.ndjson` or `.jsonl` file, in any order: `unit` (a code or an id),
        `user` (an address, with `source` what that calls them, or an id), and if need be `role`, `starts_at` and
        `ends_at`. A row is about the assignment of that person to that unit which begins so, or is at that time; what
        it does not say stays, and `-` is no role, or no end. With `on_missing="end"`, what holds now in units that
        some row names, and is in no row, ends, up to `end_limit`. With `dry_run` the job's result has a `plan`.
        `timeout` and `progress` are those of `jobs.wait`.

        Raises `JobFailedError` when the job fails or is cancelled, `TimeoutError`, `ValueError` for a file that cannot
        be read, and what the operations raise. What is wrong with single rows is told by `jobs.list_row_errors`.
        """
        from central_client.importing import ImportPlans, import_flow

        options = {
            "dry_run": dry_run,
            "all_or_nothing": all_or_nothing,
            "on_missing": on_missing,
            "end_limit": end_limit,
            "source": source,
        }
        plans = ImportPlans(
            Units.start_assignment_import.plan,
            Units.add_assignment_import_rows.plan,
            Units.run_assignment_import.plan,
            Jobs.get.plan,
            Jobs.cancel.plan,
        )
        screen = screen_for(progress)
        return self.caller.run(import_flow(self.caller, plans, rows, options, tenant, timeout, screen, wait=wait))

    @overload
    def export_assignments(
        self: "Units[Sync]",
        *,
        to: "Target",
        at: datetime | None = None,
        below: str | None = None,
        format: UnitExportFormat = "csv",
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Job: ...
    @overload
    def export_assignments(
        self: "Units[Async]",
        *,
        to: "Target",
        at: datetime | None = None,
        below: str | None = None,
        format: UnitExportFormat = "csv",
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Coroutine[Any, Any, Job]: ...
    def export_assignments(
        self,
        *,
        to: "Target",
        at: datetime | None = None,
        below: str | None = None,
        format: UnitExportFormat = "csv",  # noqa: A002 (what people call it)
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Any:
        """Write who is in which unit into a file, in the order of the tree, and download it; gives the job.

        It has what holds now or is planned, in units in use; with `at`, what held at that moment. `to` is as for
        `jobs.download`, `below` chooses a unit and all below it; `timeout` and `progress` are those of `jobs.wait`.
        `import_assignments` reads the file again, and changes nothing where nothing has changed.

        Raises `JobFailedError`, `TimeoutError`, and what `units.start_assignment_export` and `jobs.download` raise.
        """
        from central_client.exporting import ExportPlans, export_flow

        given = {"at": at, "below": below, "tenant": tenant}
        options = {"format": format} | {name: value for name, value in given.items() if value is not None}
        plans = ExportPlans(Units.start_assignment_export.plan, Jobs.get.plan)
        return self.caller.run(export_flow(self.caller, plans, options, tenant, to, timeout, screen_for(progress)))
