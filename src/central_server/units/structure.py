from collections.abc import Sequence

from central.kernel.ids import TenantId, UnitId
from central.units.models import PlacedInput
from central_server.infra.actor import By
from central_server.infra.db import WriteExecutor
from central_server.units.mapping import found
from central_server.units.policy import check_height, check_in_use, check_sibling, check_width, middle
from central_server.units.queries import tree, units, versions
from central_server.units.tables import DBUnit


class UnitStructure:
    """What all changes of a tenant's tree share: the lock, the places in it, and the record of what was."""

    async def lock(self, tenant: TenantId, executor: WriteExecutor) -> None:
        """Let nobody else change the shape of the tenant's tree until the transaction ends; taken first of all."""
        await executor.first(tree.LOCK_STRUCTURE, units_key=f"units|{tenant}")

    async def lock_unit(self, tenant: TenantId, unit: UnitId, executor: WriteExecutor) -> DBUnit:
        """Lock the row of a unit; `NotFoundError` when there is none."""
        row = await executor.first(units.LOCK_UNIT, tenant_id=tenant, unit=unit)
        return found(row)

    async def check_below(self, tenant: TenantId, unit: UnitId, parent: UnitId | None, executor: WriteExecutor) -> None:
        """Refuse to put a unit below a parent where the tree cannot have it; the tree is locked."""
        if parent is not None:
            row = await executor.first(units.GET_UNIT, tenant_id=tenant, unit=parent)
            check_in_use(found(row))
        heights = await executor.first(tree.MEASURE, tenant_id=tenant, unit=unit, parent=parent)
        check_height(found(heights))

    async def place(
        self, where: PlacedInput, tenant: TenantId, unit: UnitId, parent: UnitId | None, by: By, executor: WriteExecutor
    ) -> int:
        """Give the position among the children of a parent that is asked for, and make room if need be."""
        of = {"tenant_id": tenant, "unit": unit, "parent": parent}
        while True:
            at = await self._position_of(where.before or where.after, tenant, unit, parent, executor)
            row = await executor.first(tree.FIND_PLACE, **of, before=at, after=at)
            siblings = found(row)
            check_width(siblings["number"])
            before = at if where.after is not None else siblings["before"]
            position = middle(before, at if where.before is not None else siblings["after"])
            if position is not None:
                return position
            spread = await executor.all(tree.SPREAD_SIBLINGS, **of, of_tenant=tenant)
            await self.record(tenant, [moved["id"] for moved in spread], by, executor)

    async def record(self, tenant: TenantId, changed: Sequence[UnitId], by: By, executor: WriteExecutor) -> None:
        """Write into the history what these units are from now on, or that they are no more."""
        ids = [unit.uuid for unit in changed]
        await executor.execute(versions.RECORD_VERSIONS, of_tenant=tenant, units=ids, changed_by=by.user)

    async def _position_of(
        self, sibling: UnitId | None, tenant: TenantId, unit: UnitId, parent: UnitId | None, executor: WriteExecutor
    ) -> int | None:
        if sibling is None:
            return None
        row = await executor.first(units.GET_UNIT, tenant_id=tenant, unit=sibling)
        check_sibling(found(row), unit, parent)
        return found(row)["position"]
