from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from central.errors import BadRequestError
from central.kernel.ids import TenantId, UnitId
from central.units.models import (
    GetUnitChartInput,
    GetUnitChartResponse,
    ListUnitHistoryInput,
    ListUnitHistoryResponse,
)
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.paging import Position, next_cursor, open_cursor
from central_server.units.mapping import chart_unit_from, found, version_from
from central_server.units.queries import charts, versions
from central_server.units.tables import DBPlaceInChart


class _Start(NamedTuple):
    """Behind which unit a page begins, by the way down to it, and how many units stand above that way."""

    trail: Sequence[DBPlaceInChart]
    above: int


class UnitCharts:
    """What units were: each by itself, and all of them at a moment."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def list_history(
        self, input: ListUnitHistoryInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListUnitHistoryResponse:
        """Give a page of what a unit was, newest first; `NotFoundError` for one that never was."""
        asked, position = open_cursor(input)
        reader = executor or self.db.read(actor.tenant_id)
        which = {"tenant_id": actor.tenant_id, "unit": asked.unit, "count": asked.limit + 1}
        if position is None:
            rows = found(await reader.all(versions.LIST_HISTORY, **which) or None)
        else:
            rows = await reader.all(versions.LIST_HISTORY_AFTER, **which, after_key=position.number)
        shown = rows[: asked.limit]
        cursor = next_cursor(asked, shown[-1]["version"], asked.unit) if len(rows) > asked.limit else None
        return ListUnitHistoryResponse(unit_versions=[version_from(row) for row in shown], next_cursor=cursor)

    async def as_of(
        self, input: GetUnitChartInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> GetUnitChartResponse:
        """Give a page of the chart as it was at a moment, in the order of the tree."""
        asked, position = open_cursor(input)
        reader = executor or self.db.read(actor.tenant_id)
        if asked.at is None:
            now = await reader.first(versions.NOW)
            asked = asked.model_copy(update={"at": found(now)["at"]})
        at = asked.at
        assert at is not None, "filled above"
        start = await self._start(asked, at, position, actor.tenant_id, reader)
        rows = await reader.all(
            charts.WALK,
            tenant_id=actor.tenant_id,
            at=at,
            archived=asked.archived,
            whole=asked.below is None,
            top=asked.below,
            trail=[place["unit_id"].uuid for place in start.trail],
            places=[place["position"] for place in start.trail],
            count=asked.limit + 1,
        )
        shown = rows[: asked.limit]
        cursor = next_cursor(asked, "", shown[-1]["unit_id"]) if len(rows) > asked.limit else None
        units = [chart_unit_from(row, start.above) for row in shown]
        return GetUnitChartResponse(chart_units=units, at=at, next_cursor=cursor)

    async def _start(
        self, asked: GetUnitChartInput, at: datetime, position: Position | None, tenant: TenantId, reader: ReadExecutor
    ) -> _Start:
        last = None if position is None else UnitId.from_uuid(position.id)
        above = 0
        if asked.below is not None:
            above = len(found(await self._way(asked.below, at, tenant, reader) or None)) - 1
        if last is None:
            return _Start([], above)
        way = (await self._way(last, at, tenant, reader))[above:]
        if not way or asked.below not in {None, way[0]["unit_id"]}:
            raise BadRequestError("The cursor cannot be read; start at the first page.", code="malformed_cursor")
        return _Start(way, above)

    async def _way(
        self, unit: UnitId, at: datetime, tenant: TenantId, reader: ReadExecutor
    ) -> Sequence[DBPlaceInChart]:
        return await reader.all(charts.LIST_PLACES_THEN, tenant_id=tenant, unit=unit, at=at)
