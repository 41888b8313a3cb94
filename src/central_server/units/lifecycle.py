from collections.abc import Sequence
from datetime import datetime

from central.errors import ConflictError
from central.kernel.ids import TenantId, UnitId
from central.units.events import UnitArchived, UnitAssignmentRemoved, UnitDeleted, UnitRestored
from central.units.models import (
    MOST_CASCADED,
    ArchiveUnitInput,
    DeleteUnitInput,
    DeleteUnitResponse,
    RestoreUnitInput,
    Unit,
)
from central_server.infra.actor import Actor, By
from central_server.infra.db import Database, Query, WriteExecutor, register_conflict
from central_server.infra.outbox import Outbox
from central_server.units.mapping import found, unit_from
from central_server.units.policy import check_assignments, check_in_use, check_number
from central_server.units.queries import assignments, tree, units
from central_server.units.structure import UnitStructure
from central_server.units.tables import DBNamedUnit, DBUnit

_NAMES_TOLD = 20


def _has_children() -> ConflictError:
    return ConflictError("There are units below it; move them, or delete them too.", code="unit_has_children")


register_conflict("fk_units_parent", _has_children)


class UnitLifecycle:
    """Takes units out of use and into it again, and deletes them: each with all below it."""

    def __init__(self, db: Database, outbox: Outbox, structure: UnitStructure) -> None:
        self.db = db
        self.outbox = outbox
        self.structure = structure

    async def TX_archive_unit(self, input: ArchiveUnitInput, actor: Actor) -> Unit:
        """Archive a unit and all below it; one that is archived already stays so."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return unit_from(await self.archive_unit(input.unit, actor.tenant_id, actor.by, tx))

    async def archive_unit(self, unit: UnitId, tenant: TenantId, by: By, executor: WriteExecutor) -> DBUnit:
        """Archive a unit and all below it as part of more steps."""
        before = await self._lock(unit, tenant, executor)
        if before["archived_at"] is not None:
            return before
        changed = await self._change(tree.ARCHIVE_UNITS, unit, None, tenant, by, executor)
        events = [UnitArchived.between({}, row, tenant_id=tenant, unit_id=row["id"]) for row in changed]
        await self.outbox.add_all(events, by, executor)
        return _one(changed, unit)

    async def TX_restore_unit(self, input: RestoreUnitInput, actor: Actor) -> Unit:
        """Restore a unit and what was archived with it; `ConflictError` where the unit above is archived."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self._lock(input.unit, actor.tenant_id, tx)
            if before["archived_at"] is None:
                return unit_from(before)
            if before["parent_id"] is not None:
                parent = await tx.first(units.GET_UNIT, tenant_id=actor.tenant_id, unit=before["parent_id"])
                check_in_use(found(parent))
            changed = await self._change(
                tree.RESTORE_UNITS, input.unit, before["archived_at"], actor.tenant_id, actor.by, tx
            )
            events = [
                UnitRestored.between(before, row, tenant_id=actor.tenant_id, unit_id=row["id"]) for row in changed
            ]
            await self.outbox.add_all(events, actor.by, tx)
            return unit_from(_one(changed, input.unit))

    async def TX_delete_unit(self, input: DeleteUnitInput, actor: Actor) -> DeleteUnitResponse:
        """Delete a unit, or say what would go; `ConflictError` while there are units below it that do not go too."""
        tenant = actor.tenant_id
        async with self.db.write(tenant, actor.unit) as tx:
            await self._lock(input.unit, actor.tenant_id, tx)
            going = await tx.all(tree.LOCK_SUBTREE, tenant_id=tenant, unit=input.unit, count=MOST_CASCADED + 1)
            if len(going) > 1 and not input.cascade:
                raise _has_children()
            check_number(len(going))
            assignments = await self._count_assignments(going, cascade=input.cascade, actor=actor, tx=tx)
            if not input.dry_run:
                await self._delete([row["id"] for row in going], actor, tx)
        names = [row["name"] for row in going[:_NAMES_TOLD]]
        return DeleteUnitResponse(dry_run=input.dry_run, units=len(going), names=names, assignments=assignments)

    async def _lock(self, unit: UnitId, tenant: TenantId, tx: WriteExecutor) -> DBUnit:
        await self.structure.lock(tenant, tx)
        return await self.structure.lock_unit(tenant, unit, tx)

    async def _change(
        self,
        query: Query[DBUnit],
        unit: UnitId,
        archived_at: datetime | None,
        tenant: TenantId,
        by: By,
        tx: WriteExecutor,
    ) -> Sequence[DBUnit]:
        which = {"tenant_id": tenant, "unit": unit, "archived_at": archived_at, "count": MOST_CASCADED + 1}
        rows = await tx.all(tree.LIST_SUBTREE_ARCHIVED, **which)
        check_number(len(rows))
        changed = await tx.all(query, of_tenant=tenant, units=[row["id"].uuid for row in rows])
        await self.structure.record(tenant, [row["id"] for row in changed], by, tx)
        return changed

    async def _count_assignments(
        self, going: Sequence[DBNamedUnit], *, cascade: bool, actor: Actor, tx: WriteExecutor
    ) -> int:
        ids = [row["id"].uuid for row in going]
        number = int(await tx.scalar(assignments.COUNT_ASSIGNMENTS, tenant_id=actor.tenant_id, units=ids))
        check_assignments(number, cascade=cascade)
        return number

    async def _delete(self, going: Sequence[UnitId], actor: Actor, tx: WriteExecutor) -> None:
        ids = [unit.uuid for unit in going]
        gone = await tx.all(assignments.DELETE_ASSIGNMENTS_OF, tenant_id=actor.tenant_id, units=ids)
        removed = [
            UnitAssignmentRemoved(
                tenant_id=actor.tenant_id, assignment_id=row["id"], unit_id=row["unit_id"], user_id=row["user_id"]
            )
            for row in gone
        ]
        await self.outbox.add_all(removed, actor.by, tx)
        await tx.execute(tree.DELETE_UNITS, tenant_id=actor.tenant_id, units=ids)
        await self.structure.record(actor.tenant_id, going, actor.by, tx)
        # From the bottom up: nobody who follows the events has a unit whose parent is gone.
        events = [UnitDeleted(tenant_id=actor.tenant_id, unit_id=unit) for unit in reversed(going)]
        await self.outbox.add_all(events, actor.by, tx)


def _one(rows: Sequence[DBUnit], unit: UnitId) -> DBUnit:
    return next(row for row in rows if row["id"] == unit)
