"""An import of users, as a worker does it: it validates all rows, applies them, and disables who is missing."""

from collections.abc import Sequence
from typing import Any, Final

from central.errors import ConflictError, UnavailableError
from central.jobs.models import UserImportResult
from central.kernel.ids import JobId, TenantId
from central_server.infra.db import Database, WriteExecutor
from central_server.jobs.runs import JobRuns, Outcome, Place, RowErrors, Run
from central_server.jobs.working import JobWork, Pace, Rests, WorkFailedError
from central_server.user_imports.judging import RowJudge, options_of
from central_server.user_imports.missing import MissingUsers
from central_server.user_imports.planning import Plan
from central_server.user_imports.reading import Seen, read_rows
from central_server.users.batches import UserBatches

_TRIES: Final = 5


class UserImporter:
    """Does imports.

    Where it is stands in the job's row, and changes in the transaction of what was done until there: killed at any
    moment, it goes on from there, and nothing happens twice. It judges as whoever started it, by what they may do
    then.
    """

    def __init__(
        self,
        db: Database,
        runs: JobRuns,
        work: JobWork,
        people: UserBatches,
        judge: RowJudge,
        missing: MissingUsers,
        rests: Rests,
    ) -> None:
        self.db = db
        self.runs = runs
        self.work = work
        self.people = people
        self.judge = judge
        self.missing = missing
        self.rests = rests

    async def run(self, tenant: TenantId, job: JobId) -> str | None:
        """Do an import, or what is left of it; gives how it ended, or None when there was nothing to do."""
        return await self.work.do(tenant, job, "validating", self._import)

    async def _import(self, run: Run) -> Outcome:
        if run.place.stage == "validating":
            run = await self._validate(run)
        if run.place.stage == "applying":
            run = await self._apply(run)
        if run.place.stage == "disabling":
            run = await self._disable(run)
        return Outcome(run.place.result)

    # Validating: nothing changes but row errors. It begins anew after a crash: it is what sees all rows.

    async def _validate(self, run: Run) -> Run:
        await self.runs.TX_forget_row_errors(run)
        total, seen, found = await self.runs.count_rows(run), Seen(), list[RowErrors]()
        counts, pace, chunk, rows = UserImportResult(dry_run=options_of(run).dry_run), Pace(), 0, 0
        rest = self.rests.begin()
        while (raw := await self.runs.get_rows(run, chunk)) is not None:
            async with rest.then():
                errors, plan = await self._preview(run, raw, rows + 1, seen)
            found += errors
            counts, rows, chunk = _added(counts, plan, len(errors)), rows + len(raw), chunk + 1
            if pace.is_due() or rows == total:
                place = Place("validating", chunk, rows, total, None, _json(_nothing(counts)))
                run = await self.runs.TX_advance(run, place, found)
                found = []
        return await self._validated(run, counts, total)

    async def _preview(
        self, run: Run, raw: Sequence[dict[str, Any]], first: int, seen: Seen
    ) -> tuple[list[RowErrors], Plan]:
        read = read_rows(raw, first, options_of(run))
        repeated = seen.repeated(read.rows)
        without = {error.row for error in repeated}
        rows = [row for row in read.rows if row.number not in without]
        plan = await self.judge.preview(run, rows, self.db.read(run.tenant_id))
        return [*read.errors, *repeated, *plan.errors], plan

    async def _validated(self, run: Run, counts: UserImportResult, total: int) -> Run:
        """Stop before anything changes where that was asked for, and after a dry run; else go on to apply."""
        options, nothing = options_of(run), _json(_nothing(counts))
        if counts.failed and (options.all_or_nothing or options.on_missing == "disable"):
            what = f"{counts.failed:,} of {total:,} rows have errors; nothing was changed."
            raise WorkFailedError("rows_with_errors", what, nothing)
        if options.disable_limit is not None:
            missing = await self.missing.find(run)
            if len(missing.users) > options.disable_limit:
                what = f"{len(missing.users):,} of {missing.considered:,} would be disabled, and the limit is "
                raise WorkFailedError(
                    "disable_limit", f"{what}{options.disable_limit:,}; nothing was changed.", nothing
                )
            counts = counts.model_copy(update={"disabled": len(missing.users)})
        if options.dry_run:
            return run._replace(place=run.place._replace(stage="done", result=_json(counts)))
        return await self.runs.TX_advance(run, Place("applying", 0, 0, total, None, nothing))

    # Applying: each chunk is one transaction.

    async def _apply(self, run: Run) -> Run:
        rows, rest = await self.runs.count_rows_before(run, run.place.position), self.rests.begin()
        while (raw := await self.runs.get_rows(run, run.place.position)) is not None:
            async with rest.then():
                run = await self._TX_apply_again(run, raw, rows + 1)
            rows += len(raw)
        if options_of(run).on_missing == "disable":
            return await self.runs.TX_advance(run, Place("disabling", 0, 0, None, None, run.place.result))
        return run

    async def _TX_apply_again(self, run: Run, raw: Sequence[dict[str, Any]], first: int) -> Run:
        """Apply a chunk, also if somebody else changes the same meanwhile."""
        for tried in range(1, _TRIES + 1):
            try:
                return await self._TX_apply_chunk(run, raw, first)
            except (ConflictError, UnavailableError) as error:
                if tried == _TRIES or (isinstance(error, UnavailableError) and error.code != "try_again"):
                    raise
        raise AssertionError("unreachable")

    async def _TX_apply_chunk(self, run: Run, raw: Sequence[dict[str, Any]], first: int) -> Run:
        async with self.db.write(run.tenant_id) as tx:
            await self.runs.hold(run, tx)
            last = first + len(raw) - 1
            bad = await self.runs.rows_with_errors(run, first, last, tx)
            read = read_rows(raw, first, options_of(run), bad)
            plan = await self.judge.plan(run, read.rows, tx)
            await self.people.create(run.tenant_id, plan.new, run.by, tx)
            await self.people.update(run.tenant_id, plan.changes, run.by, tx)
            errors = [*read.errors, *plan.errors]
            await self.runs.add_row_errors(run, errors, tx)
            counts = _added(UserImportResult.model_validate(run.place.result), plan, len(errors))
            place = Place("applying", run.place.position + 1, last, run.place.total, None, _json(counts))
            return await self.runs.advance(run, place, tx)

    # Disabling: a page of users is one transaction.

    async def _disable(self, run: Run) -> Run:
        rest = self.rests.begin()
        for page in await self.missing.pages(run):
            async with rest.then(), self.db.write(run.tenant_id) as tx:
                await self.runs.hold(run, tx)
                disabled = await self.missing.disable(run, page, tx)
                run = await self._advance_disabling(run, len(disabled), tx)
        return run

    async def _advance_disabling(self, run: Run, disabled: int, tx: WriteExecutor) -> Run:
        """Count those who were disabled; what is over the limit by now is undone, page by page."""
        counts = UserImportResult.model_validate(run.place.result)
        limit = options_of(run).disable_limit or 0
        if counts.disabled + disabled > limit:
            what = f"More than {limit:,} users would be disabled by now; {counts.disabled:,} were."
            raise WorkFailedError("disable_limit", what, _json(counts))
        counts = counts.model_copy(update={"disabled": counts.disabled + disabled})
        place = Place("disabling", run.place.position + 1, counts.disabled, None, None, _json(counts))
        return await self.runs.advance(run, place, tx)


def _added(counts: UserImportResult, plan: Plan, failed: int) -> UserImportResult:
    more = {"created": len(plan.new), "updated": len(plan.changes), "unchanged": plan.unchanged, "failed": failed}
    return counts.model_copy(update={name: getattr(counts, name) + count for name, count in more.items()})


def _nothing(counts: UserImportResult) -> UserImportResult:
    """Give what was done while rows were only looked at: nothing, but for errors that were found."""
    return UserImportResult(dry_run=counts.dry_run, failed=counts.failed)


def _json(counts: UserImportResult) -> dict[str, Any]:
    return counts.model_dump(mode="json", by_alias=False, exclude={"type_"})
