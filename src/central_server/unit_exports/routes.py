from central.jobs.models import Job
from central.unit_exports.models import StartUnitExportInput
from central.unit_exports.operations import START_UNIT_EXPORT
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.unit_exports.service import UnitExportService


class UnitExportRoutes:
    """Serves the operation on exports of units."""

    def __init__(self, exports: UnitExportService) -> None:
        self.exports = exports

    @handles(START_UNIT_EXPORT)
    async def start(self, input: StartUnitExportInput, actor: Actor) -> Job:
        return await self.exports.TX_start(input, actor)
