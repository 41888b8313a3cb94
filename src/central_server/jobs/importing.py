"""Imports that see all rows at once: they plan what is to be done, and take the steps, some at a time."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Generic, NamedTuple, Protocol, TypeVar

from central.errors import CentralError, UnavailableError
from central.jobs.models import AssignmentImportResult, UnitImportResult
from central_server.infra.db import Database, WriteExecutor
from central_server.jobs.reading import refused_row
from central_server.jobs.runs import JobRuns, Outcome, Place, RowErrors, Run
from central_server.jobs.working import WorkFailedError

_MOST_ROWS: Final = 50_000
_MOST_TOLD: Final = 500
_STEPS: Final = 50


class Step(Protocol):
    """One thing to do, of some kind, for a row; 0 where none asks for it."""

    @property
    def kind(self) -> str:
        """Of which kind it is."""
        ...

    @property
    def row(self) -> int:
        """The row that asks for it."""
        ...


S = TypeVar("S", bound=Step)
C = TypeVar("C", UnitImportResult, AssignmentImportResult)


class Plan(NamedTuple, Generic[S]):
    """What is to be done, in order, how many rows ask for nothing, and what is wrong with others."""

    steps: Sequence[S]
    unchanged: int
    errors: Sequence[RowErrors]


class Limit(NamedTuple):
    """How many steps there may be that take something away: of which kind, and how an error calls that."""

    kind: str
    most: int | None
    code: str
    verb: str


class Planned(ABC, Generic[S, C]):
    """An attempt at an import: what it was asked for, what it plans, and how it takes a step."""

    counted: ClassVar[Mapping[str, str]]
    """The field of the result that counts the steps of a kind."""

    def __init__(self, nothing: C, limit: Limit, *, all_or_nothing: bool) -> None:
        self.nothing: C = nothing
        self.limit = limit
        self.all_or_nothing = all_or_nothing or limit.most is not None

    @abstractmethod
    async def plan(self) -> Plan[S]:
        """Plan all rows by what is there now."""

    @abstractmethod
    def tell(self, steps: Sequence[S]) -> list[str]:
        """Say for people what steps do."""

    @abstractmethod
    async def begin(self, tx: WriteExecutor) -> None:
        """Begin a transaction with steps; what it raises ends the import."""

    @abstractmethod
    async def take(self, step: S, tx: WriteExecutor) -> bool:
        """Take a step; whether there was anything left to do. What it raises is an error of the step's row."""


class StepImporter:
    """Does imports that plan.

    Steps are taken some at a time, each time in one transaction with how far the job is. Whoever goes on after a crash
    plans anew: what was done is not in that plan any more. So running the same rows again changes nothing.
    """

    def __init__(self, db: Database, runs: JobRuns) -> None:
        self.db = db
        self.runs = runs

    async def rows(self, run: Run) -> Sequence[dict[str, Any]]:
        """Give all rows of an import; `WorkFailedError` for too many."""
        rows: list[dict[str, Any]] = []
        number = 0
        while (chunk := await self.runs.get_rows(run, number)) is not None:
            rows += chunk
            number += 1
            if len(rows) > _MOST_ROWS:
                what = f"An import has {_MOST_ROWS:,} rows at most; nothing was changed."
                raise WorkFailedError("too_many_rows", what, run.place.result or {})
        return rows

    async def do(self, run: Run, work: Planned[S, C]) -> Outcome:
        """Do an import, or what is left of it; after a dry run, say what it would do."""
        plan = await work.plan()
        counts = work.nothing.model_copy(update={"failed": len(plan.errors), "unchanged": plan.unchanged})
        if run.place.stage == "validating":
            await self.runs.TX_forget_row_errors(run)
            run = await self.runs.TX_advance(run, run.place._replace(result=_json(counts)), plan.errors)
            _check(plan, work, counts)
        if counts.dry_run:
            return Outcome(_json(_previewed(counts, plan, work)))
        if run.place.stage == "validating":
            place = Place("applying", 0, 0, len(plan.steps), None, _json(counts))
            run = await self.runs.TX_advance(run, place)
        for first in range(0, len(plan.steps), _STEPS):
            run = await self._TX_apply(run, work, plan.steps[first : first + _STEPS])
        return Outcome(run.place.result)

    async def _TX_apply(self, run: Run, work: Planned[S, C], steps: Sequence[S]) -> Run:
        """Take some steps; one that cannot be taken any more is an error of its row, and stops no other."""
        async with self.db.write(run.tenant_id) as tx:
            await self.runs.hold(run, tx)
            await work.begin(tx)
            counts = type(work.nothing).model_validate(run.place.result)
            errors: list[RowErrors] = []
            for step in steps:
                error, did = await _tried(work, step, tx)
                if error is not None:
                    errors.append(error)
                if did is not None:
                    counts = _counted(counts, did)
            await self.runs.add_row_errors(run, errors, tx)
            done, position = run.place.done + len(steps), run.place.position + 1
            place = Place("applying", position, done, run.place.total, None, _json(counts))
            return await self.runs.advance(run, place, tx)


async def _tried(work: Planned[S, C], step: S, tx: WriteExecutor) -> tuple[RowErrors | None, str | None]:
    """Take a step; gives its row's error, and the field of the result that counts what came of it."""
    try:
        async with tx.savepoint() as part:
            did = await work.take(step, part)
    except CentralError as error:
        if isinstance(error, UnavailableError) or not step.row:
            raise
        return refused_row(step.row, error), "failed"
    return None, work.counted[step.kind] if did else None


def _check(plan: Plan[S], work: Planned[S, C], counts: C) -> None:
    """Stop before anything changes where that was asked for."""
    if counts.failed and work.all_or_nothing:
        what = f"{counts.failed:,} rows have errors; nothing was changed."
        raise WorkFailedError("rows_with_errors", what, _json(counts))
    kind, most, code, verb = work.limit
    found = sum(step.kind == kind for step in plan.steps)
    if most is not None and found > most:
        what = f"{found:,} would be {verb}, and the limit is {most:,}; nothing was changed."
        raise WorkFailedError(code, what, _json(counts))


def _previewed(counts: C, plan: Plan[S], work: Planned[S, C]) -> C:
    would = Counter(work.counted[step.kind] for step in plan.steps)
    return counts.model_copy(update={**would, "plan": work.tell(plan.steps)[:_MOST_TOLD]})


def _counted(counts: C, what: str) -> C:
    return counts.model_copy(update={what: getattr(counts, what) + 1})


def _json(counts: UnitImportResult | AssignmentImportResult) -> dict[str, Any]:
    return counts.model_dump(mode="json", by_alias=False, exclude={"type_"})
