"""An import of units, as a worker does it: it plans all rows against the whole tree, and takes the steps."""

from collections.abc import Mapping, Sequence
from typing import Final

from central.access import TenantPermissionName
from central.jobs.models import UnitImportResult
from central.kernel.ids import JobId, TenantId, UnitId
from central.unit_imports.models import StartUnitImportInput
from central.units.models import CreateUnitInput, MoveUnitInput, UpdateUnitInput
from central_server.infra.db import WriteExecutor
from central_server.jobs.importing import Limit, Plan, Planned, StepImporter
from central_server.jobs.runs import Outcome, Run
from central_server.jobs.working import JobWork
from central_server.unit_imports.planning import Key, Step, plan_rows
from central_server.unit_imports.reading import read_units
from central_server.units.directory import UnitDirectory
from central_server.units.lifecycle import UnitLifecycle
from central_server.units.moving import UnitMoves
from central_server.units.service import UnitService
from central_server.users.batches import UserBatches

_NEEDED: Final[TenantPermissionName] = "units:write"


class UnitImporter:
    """Does imports of units."""

    def __init__(
        self,
        work: JobWork,
        steps: StepImporter,
        people: UserBatches,
        directory: UnitDirectory,
        units: UnitService,
        moves: UnitMoves,
        lifecycle: UnitLifecycle,
    ) -> None:
        self.work = work
        self.steps = steps
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
        return await self.steps.do(run, _UnitImport(self, run, options))


class _UnitImport(Planned[Step, UnitImportResult]):
    """One attempt; `ids` are those of the units that it has made."""

    counted = {"create": "created", "move": "moved", "change": "changed", "archive": "archived"}

    def __init__(self, parts: UnitImporter, run: Run, options: StartUnitImportInput) -> None:
        super().__init__(
            UnitImportResult(dry_run=options.dry_run),
            Limit("archive", options.archive_limit, "archive_limit", "archived"),
            all_or_nothing=options.all_or_nothing,
        )
        self.parts = parts
        self.of = run
        self.archives = options.on_missing == "archive"
        self.ids: dict[Key, UnitId] = {}

    async def plan(self) -> Plan[Step]:
        await self._check_powers()
        read = read_units(await self.parts.steps.rows(self.of))
        there = await self.parts.directory.list_all(self.of.tenant_id)
        plan = plan_rows(there, read.rows, archives=self.archives)
        return plan._replace(errors=[*read.errors, *plan.errors])

    def tell(self, steps: Sequence[Step]) -> list[str]:
        names = {step.key: step.name for step in steps}
        return [_told(step, names) for step in steps]

    async def begin(self, tx: WriteExecutor) -> None:
        await self._check_powers(tx)

    async def take(self, step: Step, tx: WriteExecutor) -> bool:
        tenant, by, parts = self.of.tenant_id, self.of.by, self.parts
        if step.kind == "archive":
            await parts.lifecycle.archive_unit(self._id_of(step.key), tenant, by, tx)
        elif step.kind == "change":
            changed = UpdateUnitInput.model_validate({"unit": self._id_of(step.key), **step.fields})
            await parts.units.update_unit(changed, tenant, by, tx)
        else:
            parent = None if step.parent is None else self._id_of(step.parent)
            if step.kind == "move":
                await parts.moves.move_unit(MoveUnitInput(unit=self._id_of(step.key), parent=parent), tenant, by, tx)
            else:
                new = CreateUnitInput.model_validate({**step.fields, "parent": parent})
                self.ids[step.key] = (await parts.units.create_unit(new, tenant, by, tx))["id"]
        return True

    async def _check_powers(self, tx: WriteExecutor | None = None) -> None:
        powers = await self.parts.people.get_powers(self.of.tenant_id, self.of.starter, tx)
        powers.check_hold(_NEEDED)

    def _id_of(self, key: Key) -> UnitId:
        return self.ids[key] if key in self.ids else UnitId(key)


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
