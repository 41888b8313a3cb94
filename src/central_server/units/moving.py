from central.kernel.ids import TenantId, UnitId
from central.units.events import UnitMoved, UnitReordered
from central.units.models import MoveUnitInput, ReorderUnitInput, Unit
from central_server.infra.actor import Actor, By
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.units.mapping import found, unit_from
from central_server.units.queries import tree
from central_server.units.structure import UnitStructure
from central_server.units.tables import DBUnit


class UnitMoves:
    """Gives units other places. A subtree goes with its top, and never below itself."""

    def __init__(self, db: Database, outbox: Outbox, structure: UnitStructure) -> None:
        self.db = db
        self.outbox = outbox
        self.structure = structure

    async def TX_move_unit(self, input: MoveUnitInput, actor: Actor) -> Unit:
        """Move a unit with all below it; `ConflictError` for a cycle, an archived parent, a tree too deep or wide."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return unit_from(await self.move_unit(input, actor.tenant_id, actor.by, tx))

    async def move_unit(self, input: MoveUnitInput, tenant: TenantId, by: By, executor: WriteExecutor) -> DBUnit:
        """Move a unit as part of more steps."""
        await self.structure.lock(tenant, executor)
        before = await self.structure.lock_unit(tenant, input.unit, executor)
        if input.parent != before["parent_id"]:
            await self.structure.check_below(tenant, input.unit, input.parent, executor)
            await self._hang(input.unit, input.parent, tenant, executor)
        row = await self._place(input, input.unit, input.parent, tenant, by, executor)
        moved = UnitMoved.between(before, row, tenant_id=tenant, unit_id=input.unit)
        await self.outbox.add(moved, by, executor)
        return row

    async def TX_reorder_unit(self, input: ReorderUnitInput, actor: Actor) -> Unit:
        """Give a unit another place among its siblings; `ConflictError` for a place beside what is none of them."""
        tenant = actor.tenant_id
        async with self.db.write(tenant, actor.unit) as tx:
            await self.structure.lock(tenant, tx)
            before = await self.structure.lock_unit(tenant, input.unit, tx)
            row = await self._place(input, input.unit, before["parent_id"], tenant, actor.by, tx)
            await self.outbox.add(
                UnitReordered.between(before, row, tenant_id=tenant, unit_id=input.unit), actor.by, tx
            )
        return unit_from(row)

    async def _hang(self, unit: UnitId, parent: UnitId | None, tenant: TenantId, tx: WriteExecutor) -> None:
        await tx.execute(tree.CUT_PATHS, tenant_id=tenant, of_tenant=tenant, unit=unit)
        if parent is not None:
            await tx.execute(tree.JOIN_PATHS, tenant_id=tenant, unit=unit, parent=parent)

    async def _place(
        self,
        where: MoveUnitInput | ReorderUnitInput,
        unit: UnitId,
        parent: UnitId | None,
        tenant: TenantId,
        by: By,
        tx: WriteExecutor,
    ) -> DBUnit:
        position = await self.structure.place(where, tenant, unit, parent, by, tx)
        row = await tx.first(tree.PLACE_UNIT, of_tenant=tenant, unit=unit, parent=parent, new_position=position)
        await self.structure.record(tenant, [unit], by, tx)
        return found(row)
