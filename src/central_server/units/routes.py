from central.units.models import (
    ArchiveUnitInput,
    CreateUnitInput,
    DeleteUnitInput,
    DeleteUnitResponse,
    GetUnitByCodeInput,
    GetUnitChartInput,
    GetUnitChartResponse,
    GetUnitInput,
    GetUnitPathInput,
    GetUnitPathResponse,
    ListUnitAncestorsInput,
    ListUnitAncestorsResponse,
    ListUnitHistoryInput,
    ListUnitHistoryResponse,
    ListUnitsInput,
    ListUnitsResponse,
    MoveUnitInput,
    ReorderUnitInput,
    RestoreUnitInput,
    Unit,
    UpdateUnitInput,
)
from central.units.operations import (
    ARCHIVE_UNIT,
    CREATE_UNIT,
    DELETE_UNIT,
    GET_UNIT,
    GET_UNIT_BY_CODE,
    GET_UNIT_CHART,
    GET_UNIT_PATH,
    LIST_UNIT_ANCESTORS,
    LIST_UNIT_HISTORY,
    LIST_UNITS,
    MOVE_UNIT,
    REORDER_UNIT,
    RESTORE_UNIT,
    UPDATE_UNIT,
)
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.units.charts import UnitCharts
from central_server.units.directory import UnitDirectory
from central_server.units.lifecycle import UnitLifecycle
from central_server.units.moving import UnitMoves
from central_server.units.service import UnitService


class UnitRoutes:
    """Serves the operations on units."""

    def __init__(
        self,
        units: UnitService,
        directory: UnitDirectory,
        moves: UnitMoves,
        lifecycle: UnitLifecycle,
        charts: UnitCharts,
    ) -> None:
        self.units = units
        self.directory = directory
        self.moves = moves
        self.lifecycle = lifecycle
        self.charts = charts

    @handles(CREATE_UNIT)
    async def create(self, input: CreateUnitInput, actor: Actor) -> Unit:
        return await self.units.TX_create_unit(input, actor)

    @handles(LIST_UNITS)
    async def list(self, input: ListUnitsInput, actor: Actor) -> ListUnitsResponse:
        return await self.directory.list(input, actor)

    @handles(GET_UNIT)
    async def get(self, input: GetUnitInput, actor: Actor) -> Unit:
        return await self.units.get(input, actor)

    @handles(GET_UNIT_BY_CODE)
    async def get_by_code(self, input: GetUnitByCodeInput, actor: Actor) -> Unit:
        return await self.directory.get_by_code(input, actor)

    @handles(LIST_UNIT_ANCESTORS)
    async def list_ancestors(self, input: ListUnitAncestorsInput, actor: Actor) -> ListUnitAncestorsResponse:
        return await self.directory.list_ancestors(input, actor)

    @handles(GET_UNIT_PATH)
    async def get_path(self, input: GetUnitPathInput, actor: Actor) -> GetUnitPathResponse:
        return await self.directory.get_path(input, actor)

    @handles(UPDATE_UNIT)
    async def update(self, input: UpdateUnitInput, actor: Actor) -> Unit:
        return await self.units.TX_update_unit(input, actor)

    @handles(MOVE_UNIT)
    async def move(self, input: MoveUnitInput, actor: Actor) -> Unit:
        return await self.moves.TX_move_unit(input, actor)

    @handles(REORDER_UNIT)
    async def reorder(self, input: ReorderUnitInput, actor: Actor) -> Unit:
        return await self.moves.TX_reorder_unit(input, actor)

    @handles(ARCHIVE_UNIT)
    async def archive(self, input: ArchiveUnitInput, actor: Actor) -> Unit:
        return await self.lifecycle.TX_archive_unit(input, actor)

    @handles(RESTORE_UNIT)
    async def restore(self, input: RestoreUnitInput, actor: Actor) -> Unit:
        return await self.lifecycle.TX_restore_unit(input, actor)

    @handles(DELETE_UNIT)
    async def delete(self, input: DeleteUnitInput, actor: Actor) -> DeleteUnitResponse:
        return await self.lifecycle.TX_delete_unit(input, actor)

    @handles(LIST_UNIT_HISTORY)
    async def list_history(self, input: ListUnitHistoryInput, actor: Actor) -> ListUnitHistoryResponse:
        return await self.charts.list_history(input, actor)

    @handles(GET_UNIT_CHART)
    async def as_of(self, input: GetUnitChartInput, actor: Actor) -> GetUnitChartResponse:
        return await self.charts.as_of(input, actor)
