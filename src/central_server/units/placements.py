from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from central.kernel.ids import TenantId, UnitId
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.units.mapping import found
from central_server.units.queries import assignments, placements, units
from central_server.units.tables import DBPlaced, DBUnit

_AT_ONCE: Final = 1000


class UnitPlacements:
    """Who is in many units at once, for imports and exports."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def now(self, tenant: TenantId, executor: ReadExecutor | WriteExecutor | None = None) -> datetime:
        """Give the moment by the database's clock, which judges what holds."""
        row = await (executor or self.db.read(tenant)).first(assignments.NOW)
        return found(row)["at"]

    async def find_units(
        self,
        tenant: TenantId,
        codes: Collection[str],
        ids: Collection[UnitId],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> Sequence[DBUnit]:
        """Give the units that have these codes, in small letters, or these ids."""
        reader, named, numbered = executor or self.db.read(tenant), sorted(codes), sorted(ids)
        rows: list[DBUnit] = []
        for first in range(0, len(named), _AT_ONCE):
            codes_of_page = named[first : first + _AT_ONCE]
            rows += await reader.all(placements.FIND_BY_CODES, tenant_id=tenant, codes=codes_of_page)
        for first in range(0, len(numbered), _AT_ONCE):
            page = [unit.uuid for unit in numbered[first : first + _AT_ONCE]]
            rows += await reader.all(units.GET_UNITS, tenant_id=tenant, units=page)
        return rows

    async def list_placed(
        self,
        tenant: TenantId,
        to: Collection[UnitId],
        since: datetime,
        until: datetime | None = None,
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> Sequence[DBPlaced]:
        """Give who is in these units after a moment, as far as they are by another; by unit and beginning."""
        reader, wanted = executor or self.db.read(tenant), sorted(to)
        rows: list[DBPlaced] = []
        for first in range(0, len(wanted), _AT_ONCE):
            page = [unit.uuid for unit in wanted[first : first + _AT_ONCE]]
            which = {"units": page, "since": since, "until": until}
            rows += await reader.all(placements.LIST_PLACED, tenant_id=tenant, **which)
        return rows
