from central.kernel.ids import UnitId
from central.units.events import UnitMoved, UnitReordered
from central.units.models import MoveUnitInput, ReorderUnitInput, Unit
from central_server.infra.actor import Actor
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
        tenant = actor.tenant_id
        async with self.db.write(tenant, actor.unit) as tx:
            await self.structure.lock(tenant, tx)
            before = await self.structure.lock_unit(tenant, input.unit, tx)
            if input.parent != before["parent_id"]:
                await self.structure.check_below(tenant, input.unit, input.parent, tx)
                await self._hang(input.unit, input.parent, actor, tx)
            row = await self._place(input, input.unit, input.parent, actor, tx)
            await self.outbox.add(UnitMoved.between(before, row, tenant_id=tenant, unit_id=input.unit), actor.by, tx)
        return unit_from(row)

    async def TX_reorder_unit(self, input: ReorderUnitInput, actor: Actor) -> Unit:
        """Give a unit another place among its siblings; `ConflictError` for a place beside what is none of them."""
        tenant = actor.tenant_id
        async with self.db.write(tenant, actor.unit) as tx:
            await self.structure.lock(tenant, tx)
            before = await self.structure.lock_unit(tenant, input.unit, tx)
            row = await self._place(input, input.unit, before["parent_id"], actor, tx)
            await self.outbox.add(
                UnitReordered.between(before, row, tenant_id=tenant, unit_id=input.unit), actor.by, tx
            )
        return unit_from(row)

    async def _hang(self, unit: UnitId, parent: UnitId | None, actor: Actor, tx: WriteExecutor) -> None:
        await tx.execute(tree.CUT_PATHS, tenant_id=actor.tenant_id, of_tenant=actor.tenant_id, unit=unit)
        if parent is not None:
            await tx.execute(tree.JOIN_PATHS, tenant_id=actor.tenant_id, unit=unit, parent=parent)

    async def _place(
        self,
        where: MoveUnitInput | ReorderUnitInput,
        unit: UnitId,
        parent: UnitId | None,
        actor: Actor,
        tx: WriteExecutor,
    ) -> DBUnit:
        position = await self.structure.place(where, actor.tenant_id, unit, parent, actor.by, tx)
        row = await tx.first(
            tree.PLACE_UNIT, of_tenant=actor.tenant_id, unit=unit, parent=parent, new_position=position
        )
        await self.structure.record(actor.tenant_id, [unit], actor.by, tx)
        return found(row)
