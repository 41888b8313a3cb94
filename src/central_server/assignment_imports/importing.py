"""An import of assignments, as a worker does it: it plans all rows against who is where, and takes the steps."""

from asyncio import to_thread
from collections.abc import Sequence
from contextlib import suppress

from central.assignment_imports.models import StartAssignmentImportInput
from central.errors import ConflictError, NotFoundError
from central.jobs.models import AssignmentImportResult
from central.kernel.ids import JobId, TenantId
from central.units.assignments import AssignUnitInput, EndUnitAssignmentInput, UpdateUnitAssignmentInput
from central_server.assignment_imports.judging import AssignmentJudge
from central_server.assignment_imports.planning import Step, plan_assignments
from central_server.assignment_imports.reading import Found, read_assignments
from central_server.assignment_imports.words import told
from central_server.infra.db import WriteExecutor
from central_server.jobs.importing import Limit, Plan, Planned, StepImporter
from central_server.jobs.runs import Outcome, RowErrors, Run
from central_server.jobs.working import JobWork
from central_server.units.assignments import UnitAssignments
from central_server.users.inputs import Starter


class AssignmentImporter:
    """Does imports of assignments, as whoever started them: by what they may do when it happens."""

    def __init__(
        self, work: JobWork, steps: StepImporter, judge: AssignmentJudge, assignments: UnitAssignments
    ) -> None:
        self.work = work
        self.steps = steps
        self.judge = judge
        self.assignments = assignments

    async def run(self, tenant: TenantId, job: JobId) -> str | None:
        """Do an import, or what is left of it; gives how it ended, or None when there was nothing to do."""
        return await self.work.do(tenant, job, "validating", self._import)

    async def _import(self, run: Run) -> Outcome:
        options = StartAssignmentImportInput.model_validate(dict(run.options))
        who = await self.judge.starter(run)
        return await self.steps.do(run, _AssignmentImport(self, run, options, who))


class _AssignmentImport(Planned[Step, AssignmentImportResult]):
    """One attempt; `who` is as whom it acts, as of the transaction in hand."""

    counted = {"assign": "created", "change": "changed", "end": "ended"}

    def __init__(self, parts: AssignmentImporter, run: Run, options: StartAssignmentImportInput, who: Starter) -> None:
        super().__init__(
            AssignmentImportResult(dry_run=options.dry_run),
            Limit("end", options.end_limit, "end_limit", "ended"),
            all_or_nothing=options.all_or_nothing,
        )
        self.parts = parts
        self.of = run
        self.options = options
        self.who = who

    async def plan(self) -> Plan[Step]:
        read = read_assignments(await self.parts.steps.rows(self.of))
        directory = await self.parts.judge.directory(self.of, self.options, read.rows)
        named = [directory.find(row) for row in read.rows]
        found = [one for one in named if isinstance(one, Found)]
        there = await self.parts.judge.there(self.of, found)
        ends = self.options.on_missing == "end"
        # Seconds for the largest files, in which the worker has to show that it lives.
        plan = await to_thread(plan_assignments, found, there, self.who, ends=ends)
        unknown = [one for one in named if isinstance(one, RowErrors)]
        return plan._replace(errors=[*read.errors, *unknown, *plan.errors])

    def tell(self, steps: Sequence[Step]) -> list[str]:
        return [told(step) for step in steps]

    async def begin(self, tx: WriteExecutor) -> None:
        self.who = await self.parts.judge.starter(self.of, tx)

    async def take(self, step: Step, tx: WriteExecutor) -> bool:
        if step.held is None:
            new = AssignUnitInput.model_validate({"unit": step.unit, "user": step.user, **step.fields})
            await self.parts.assignments.assign(new, self.who, tx)
        elif step.kind == "change":
            seen = {"assignment": step.held["id"], "expected_version": step.held["version"]}
            changed = UpdateUnitAssignmentInput.model_validate({**seen, **step.fields})
            await self.parts.assignments.update(changed, self.who, tx)
        else:
            return await self._end(EndUnitAssignmentInput(assignment=step.held["id"], at=step.fields["at"]), tx)
        return True

    async def _end(self, which: EndUnitAssignmentInput, tx: WriteExecutor) -> bool:
        """End what no row is about, at the moment of the plan; who ended it before, or took it away, has done so."""
        with suppress(ConflictError, NotFoundError):
            await self.parts.assignments.end(which, self.who, tx)
            return True
        return False
