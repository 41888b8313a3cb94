from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from central.errors import ConflictError
from central.kernel.ids import TenantId, UnitId
from central.units.events import UnitCreated, UnitUpdated
from central.units.models import CreateUnitInput, GetUnitInput, Unit, UpdateUnitInput
from central_server.infra.actor import Actor, By
from central_server.infra.db import Database, ReadExecutor, WriteExecutor, register_conflict
from central_server.infra.outbox import Outbox
from central_server.units.mapping import found, unit_from
from central_server.units.policy import changed_fields
from central_server.units.queries import assignments, tree
from central_server.units.queries import units as queries
from central_server.units.structure import UnitStructure
from central_server.units.tables import DBUnit

T = TypeVar("T")

register_conflict("uq_units_code", lambda: ConflictError("A unit with this code exists already.", code="code_taken"))
register_conflict("pk_unit_paths", lambda: ConflictError("A unit cannot stand below itself.", code="unit_cycle"))


class UnitService:
    """The units of tenants: a tree in which none stands below itself.

    A code is unique in its tenant whatever the case. Whatever changes the shape of the tree takes one lock of the
    tenant first, so that what it sees of the tree is so until it has committed; what a unit was is kept.
    """

    def __init__(self, db: Database, outbox: Outbox, structure: UnitStructure) -> None:
        self.db = db
        self.outbox = outbox
        self.structure = structure

    async def get_unit_by_id(
        self, tenant: TenantId, unit: UnitId, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Unit | None:
        """Find a unit."""
        row = await (executor or self.db.read(tenant)).first(queries.GET_UNIT, tenant_id=tenant, unit=unit)
        return None if row is None else unit_from(row)

    async def with_unit_by_id(
        self,
        tenant: TenantId,
        unit: UnitId,
        use: Callable[[Unit], Awaitable[T]],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> T:
        """Find a unit and use it; `NotFoundError` when there is none."""
        return await use(found(await self.get_unit_by_id(tenant, unit, executor)))

    async def get(
        self, input: GetUnitInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Unit:
        """Give a unit of the actor's tenant."""
        return found(await self.get_unit_by_id(actor.tenant_id, input.unit, executor))

    async def TX_create_unit(self, input: CreateUnitInput, actor: Actor) -> Unit:
        """Create a unit; `ConflictError` for a taken code, an archived parent or a tree that is too deep or wide."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return unit_from(await self.create_unit(input, actor.tenant_id, actor.by, tx))

    async def create_unit(self, input: CreateUnitInput, tenant: TenantId, by: By, executor: WriteExecutor) -> DBUnit:
        """Create a unit as part of more steps."""
        unit = UnitId.new()
        await self.structure.lock(tenant, executor)
        await self.structure.check_below(tenant, unit, input.parent, executor)
        position = await self.structure.place(input, tenant, unit, input.parent, by, executor)
        row = await self._insert(unit, input, position, tenant, executor)
        await self.structure.record(tenant, [unit], by, executor)
        await self.outbox.add(UnitCreated(tenant_id=tenant, unit_id=unit, version=1), by, executor)
        return row

    async def TX_update_unit(self, input: UpdateUnitInput, actor: Actor) -> Unit:
        """Change a unit; `ConflictError` for a taken code or a stale version."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return unit_from(await self.update_unit(input, actor.tenant_id, actor.by, tx))

    async def update_unit(self, input: UpdateUnitInput, tenant: TenantId, by: By, executor: WriteExecutor) -> DBUnit:
        """Change a unit as part of more steps."""
        before = await self.structure.lock_unit(tenant, input.unit, executor)
        if input.expected_version not in {None, before["version"]}:
            raise ConflictError("Somebody else changed this unit first; read it again.", code="version_conflict")
        fields = changed_fields(input, before)
        if input.single_holder and not before["single_holder"]:
            await executor.execute(assignments.FORGET_SHARING, of_tenant=tenant, unit=input.unit)
        row = await executor.first(queries.UPDATE_UNIT, of_tenant=tenant, unit=input.unit, **fields)
        await self.structure.record(tenant, [input.unit], by, executor)
        updated = UnitUpdated.between(before, found(row), tenant_id=tenant, unit_id=input.unit)
        await self.outbox.add(updated, by, executor)
        return found(row)

    async def _insert(
        self, unit: UnitId, input: CreateUnitInput, position: int, tenant: TenantId, tx: WriteExecutor
    ) -> DBUnit:
        alone = input.kind == "individual" if input.single_holder is None else input.single_holder
        fields: dict[str, Any] = {name: getattr(input, name) for name in ("name", "kind", "description", "code")}
        row = await tx.first(
            queries.INSERT_UNIT,
            tenant_id=tenant,
            id=unit,
            parent_id=input.parent,
            position=position,
            single_holder=alone,
            tags=input.tags,
            attributes={name: value for name, value in input.attributes.items() if value is not None},
            **fields,
        )
        of = {"tenant_id": tenant}
        await tx.execute(tree.INSERT_OWN_PATH, **of, ancestor_id=unit, unit_id=unit)
        if input.parent is not None:
            await tx.execute(tree.JOIN_PATHS, **of, unit=unit, parent=input.parent)
        return found(row)
