"""An import of units, as a worker does it: it plans all rows against the whole tree, and takes the steps."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from central.access import TenantPermissionName
from central.errors import CentralError, FieldError, ForbiddenError, UnavailableError
from central.jobs.models import UnitImportResult
from central.kernel.ids import JobId, TenantId, UnitId
from central.unit_imports.models import StartUnitImportInput
from central.units.models import CreateUnitInput, MoveUnitInput, UpdateUnitInput
from central_server.infra.db import Database, WriteExecutor
from central_server.jobs.runs import JobRuns, Outcome, Place, RowErrors, Run
from central_server.jobs.working import JobWork, WorkFailedError
from central_server.unit_imports.planning import Key, Plan, Step, plan_rows
from central_server.unit_imports.reading import read_rows
from central_server.units.directory import UnitDirectory
from central_server.units.lifecycle import UnitLifecycle
from central_server.units.moving import UnitMoves
from central_server.units.service import UnitService
from central_server.users.batches import UserBatches

_NEEDED: Final[TenantPermissionName] = "units:write"
_MOST_ROWS: Final = 50_000
_MOST_TOLD: Final = 500
_STEPS: Final = 50
_COUNTED: Final = {"create": "created", "move": "moved", "change": "changed", "archive": "archived"}


class UnitImporter:
    """Does imports of units.

    Steps are taken some at a time, each time in one transaction with how far the job is. Whoever goes on after a crash
    plans anew: what was done is not in that plan any more. So running the same rows again changes nothing.
    """

    def __init__(
        self,
        db: Database,
        runs: JobRuns,
        work: JobWork,
        people: UserBatches,
        directory: UnitDirectory,
        units: UnitService,
        moves: UnitMoves,
        lifecycle: UnitLifecycle,
    ) -> None:
        self.db = db
        self.runs = runs
        self.work = work
        self.people = people
        self.directory = directory
        self.units = units
        self.moves = moves
        self.lifecycle = lifecycle

    async def run(self, tenant: TenantId, job: JobId) -> str | None:
        """Do an import, or what is left of it; gives how it ended, or None when there was nothing to do."""
        return await self.work.do(tenant, job, "validating", self._import)

    async def _import(self, run: Run) -> Outcome:
        options = StartUnitImportInput.model_validate(dict(run.options))
        plan = await self._plan(run, options)
        counts = UnitImportResult(dry_run=options.dry_run, failed=len(plan.errors), unchanged=plan.unchanged)
        if run.place.stage == "validating":
            await self.runs.TX_forget_row_errors(run)
            run = await self.runs.TX_advance(run, run.place._replace(result=_json(counts)), plan.errors)
            _check(plan, options, counts)
        if options.dry_run:
            return Outcome(_json(_previewed(counts, plan)))
        if run.place.stage == "validating":
            place = Place("applying", 0, 0, len(plan.steps), None, _json(counts))
            run = await self.runs.TX_advance(run, place)
        ids: dict[Key, UnitId] = {}
        for first in range(0, len(plan.steps), _STEPS):
            run = await self._TX_apply(run, plan.steps[first : first + _STEPS], ids)
        return Outcome(run.place.result)

    async def _plan(self, run: Run, options: StartUnitImportInput) -> Plan:
        await self._check_powers(run)
        raw = await self._rows(run)
        read = read_rows(raw)
        there = await self.directory.list_all(run.tenant_id)
        plan = plan_rows(there, read.rows, archives=options.on_missing == "archive")
        return plan._replace(errors=[*read.errors, *plan.errors])

    async def _rows(self, run: Run) -> Sequence[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        number = 0
        while (chunk := await self.runs.get_rows(run, number)) is not None:
            rows += chunk
            number += 1
            if len(rows) > _MOST_ROWS:
                what = f"An import has {_MOST_ROWS:,} rows at most; nothing was changed."
                raise WorkFailedError("too_many_rows", what, run.place.result or {})
        return rows

    async def _check_powers(self, run: Run) -> None:
        powers = await self.people.get_powers(run.tenant_id, run.starter)
        if _NEEDED not in powers.permissions:
            raise ForbiddenError(f"Whoever started this does not hold {_NEEDED} any more.", code="permission_missing")

    async def _TX_apply(self, run: Run, steps: Sequence[Step], ids: dict[Key, UnitId]) -> Run:
        """Take some steps; one that cannot be taken any more is an error of its row, and stops no other."""
        async with self.db.write(run.tenant_id) as tx:
            await self.runs.hold(run, tx)
            counts = UnitImportResult.model_validate(run.place.result)
            errors: list[RowErrors] = []
            for step in steps:
                try:
                    async with tx.savepoint() as part:
                        await self._take(run, step, ids, part)
                    counts = _counted(counts, _COUNTED[step.kind])
                except CentralError as error:
                    if isinstance(error, UnavailableError) or not step.row:
                        raise
                    errors.append(RowErrors(step.row, [FieldError(field="", code=error.code, message=error.message)]))
                    counts = _counted(counts, "failed")
            await self.runs.add_row_errors(run, errors, tx)
            done, position = run.place.done + len(steps), run.place.position + 1
            place = Place("applying", position, done, run.place.total, None, _json(counts))
            return await self.runs.advance(run, place, tx)

    async def _take(self, run: Run, step: Step, ids: dict[Key, UnitId], tx: WriteExecutor) -> None:
        def known(key: Key) -> UnitId:
            return ids[key] if key in ids else UnitId(key)

        if step.kind == "archive":
            await self.lifecycle.archive_unit(known(step.key), run.tenant_id, run.by, tx)
        elif step.kind == "change":
            changed = UpdateUnitInput.model_validate({"unit": known(step.key), **step.fields})
            await self.units.update_unit(changed, run.tenant_id, run.by, tx)
        else:
            parent = None if step.parent is None else known(step.parent)
            if step.kind == "move":
                move = MoveUnitInput(unit=known(step.key), parent=parent)
                await self.moves.move_unit(move, run.tenant_id, run.by, tx)
            else:
                new = CreateUnitInput.model_validate({**step.fields, "parent": parent})
                ids[step.key] = (await self.units.create_unit(new, run.tenant_id, run.by, tx))["id"]


def _check(plan: Plan, options: StartUnitImportInput, counts: UnitImportResult) -> None:
    """Stop before anything changes where that was asked for."""
    if counts.failed and (options.all_or_nothing or options.on_missing == "archive"):
        what = f"{counts.failed:,} rows have errors; nothing was changed."
        raise WorkFailedError("rows_with_errors", what, _json(counts))
    archived = sum(step.kind == "archive" for step in plan.steps)
    if options.archive_limit is not None and archived > options.archive_limit:
        what = f"{archived:,} would be archived, and the limit is {options.archive_limit:,}; nothing was changed."
        raise WorkFailedError("archive_limit", what, _json(counts))


def _previewed(counts: UnitImportResult, plan: Plan) -> UnitImportResult:
    for step in plan.steps:
        counts = _counted(counts, _COUNTED[step.kind])
    names = {step.key: step.name for step in plan.steps}
    return counts.model_copy(update={"plan": [_told(step, names) for step in plan.steps[:_MOST_TOLD]]})


def _told(step: Step, names: Mapping[Key, str]) -> str:
    """Say for people what a step does."""
    where = "at the top" if step.parent is None else f"below {names.get(step.parent, step.parent)}"
    match step.kind:
        case "create":
            return f"create {step.name} {where}"
        case "move":
            return f"move {step.name} ({step.key}) {where}"
        case "change":
            return f"change {step.name} ({step.key}): {', '.join(sorted(step.fields))}"
        case "archive":
            return f"archive {step.name} ({step.key}) with all below it"


def _counted(counts: UnitImportResult, what: str) -> UnitImportResult:
    return counts.model_copy(update={what: getattr(counts, what) + 1})


def _json(counts: UnitImportResult) -> dict[str, Any]:
    return counts.model_dump(mode="json", by_alias=False, exclude={"type_"})
