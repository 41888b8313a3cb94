"""The deletion of a tenant, as a worker does it: table by table, batch by batch, and then the tenant's own row."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from central.errors import ValidationFailedError
from central.kernel.ids import TenantDeletionId, TenantId
from central.tenant_deletions.models import TenantDeletionState
from central_server.infra.db import Database, Unit, WriteExecutor
from central_server.infra.db.erasing import Erasure
from central_server.infra.logs import component_logger
from central_server.infra.object_store import ObjectStore
from central_server.tenant_deletions import queries
from central_server.tenant_deletions.erasures import ERASURES
from central_server.tenant_deletions.tables import DBDueDeletion, DBTenantDeletion
from central_server.tenants.service import TenantService

BATCH: Final = 500
"""Rows of one transaction: some milliseconds, so that nobody waits for their locks."""

REST_SECONDS: Final = 60
"""How long after the tenant's row has gone what was under way then may still leave something behind: far longer than
any transaction, and any call of a provider on the way to one, may take."""

_REASON: Final = "tenant deletion"
Beat = Callable[[], None]


class TenantEraser:
    """Removes tenants.

    Where it is stands in the deletion's row, and changes in the transaction of what was removed until there: killed at
    any moment, it goes on from there, and nothing is counted twice. What refers to no tenant by a foreign key, as
    events do, could still be written by a request that was under way: it is looked for once more, a while later.
    """

    def __init__(self, db: Database, tenants: TenantService, store: ObjectStore) -> None:
        self.db = db
        self.store = store
        self.tenants = tenants
        self.log = component_logger(self)

    async def TX_list_due(self, count: int) -> Sequence[DBDueDeletion]:
        """List deletions for which it is time, the longest due first."""
        async with self.db.platform_read(_REASON, routine=True) as reader:
            return await reader.all(queries.LIST_DUE, count=count, rest_seconds=REST_SECONDS)

    async def run(self, deletion: TenantDeletionId, beat: Beat) -> TenantDeletionState | None:
        """Remove what there is; gives the state then, or None for what was restored, or is not due."""
        async with self.db.platform_write(_REASON, routine=True) as tx:
            row = await tx.first(queries.BEGIN_DELETION, of_id=deletion)
        if row is None:
            return None
        stages = _from_stage(row["stage"])
        while not await self._is_erased(row, stages, beat):
            stages = iter(ERASURES)
        await self._TX_erase_objects(row)
        await self._TX_finish(row)
        state: TenantDeletionState = "deleted" if row["gone_at"] else "deleting"
        self.log.info("tenant removed", tenant=row["tenant_id"], deletion=deletion, state=state)
        return state

    async def _is_erased(self, row: DBTenantDeletion, stages: Iterator[Erasure], beat: Beat) -> bool:
        """Remove what the stages name; False where a request that was under way has written behind them."""
        try:
            for erasure in stages:
                while await self._TX_erase(row, erasure):
                    beat()
        except ValidationFailedError:
            # By a foreign key: something refers to what is to go, and its own stage was over when it came.
            beat()
            return False
        return True

    async def _TX_erase(self, row: DBTenantDeletion, erasure: Erasure) -> bool:
        """Remove a batch, and count it; whether there may be more."""
        async with self.db.unit(None) as unit:
            held = await self._hold(row["id"], unit)
            async with self._scope(erasure, row["tenant_id"], unit) as tx:
                gone = await tx.first(erasure.query, tenant_id=row["tenant_id"], count=BATCH) or {}
            removed = {**held["removed"], **_sum(held["removed"], gone)}
            async with self.db.platform_write(_REASON, unit, routine=True) as tx:
                await tx.first(queries.ADVANCE_DELETION, of_id=row["id"], new_stage=erasure.name, new_removed=removed)
            await unit.commit()
        return bool(gone) and gone[erasure.name] == BATCH

    async def _TX_erase_objects(self, row: DBTenantDeletion) -> None:
        """Remove what the tenant has in the object store: first the files, so that none is counted that is there."""
        count = await self.store.delete_prefix(row["tenant_id"])
        async with self.db.platform_write(_REASON, routine=True) as tx:
            held = await tx.first(queries.LOCK_DELETION, of_id=row["id"])
            assert held is not None, "receipts stay"
            removed = _sum(held["removed"], {"objects": count})
            await tx.first(queries.ADVANCE_DELETION, of_id=row["id"], new_stage="objects", new_removed=removed)

    async def _TX_finish(self, row: DBTenantDeletion) -> None:
        """Remove the tenant's own row; where that has gone already, the deletion ends."""
        async with self.db.unit(None) as unit:
            held = await self._hold(row["id"], unit)
            async with self.db.platform_write(_REASON, unit, routine=True) as tx:
                if row["gone_at"] is not None:
                    await tx.first(queries.END_DELETION, of_id=row["id"])
                elif await self.tenants.remove_tenant(row["tenant_id"], tx):
                    removed = {**held["removed"], "tenants": 1}
                    await tx.first(queries.ADVANCE_DELETION, of_id=row["id"], new_stage="tenants", new_removed=removed)
                    await tx.first(queries.NOTE_GONE, of_id=row["id"])
            await unit.commit()

    async def _hold(self, deletion: TenantDeletionId, unit: Unit) -> DBTenantDeletion:
        async with self.db.platform_write(_REASON, unit, routine=True) as tx:
            held = await tx.first(queries.LOCK_DELETION, of_id=deletion)
        assert held is not None, "receipts stay"
        return held

    def _scope(self, erasure: Erasure, tenant: TenantId, unit: Unit) -> AbstractAsyncContextManager[WriteExecutor]:
        if erasure.as_platform:
            return self.db.platform_write(_REASON, unit, routine=True)
        return self.db.write(tenant, unit)


def _from_stage(stage: str | None) -> Iterator[Erasure]:
    """Give what is left to do from a stage on; all of it, once more, behind the last one."""
    names = [erasure.name for erasure in ERASURES]
    if stage == "objects":
        return iter(())
    return iter(ERASURES[names.index(stage) if stage in names else 0 :])


def _sum(before: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return dict(Counter(before) + Counter(dict(more)))
