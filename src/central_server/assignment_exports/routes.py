from central.assignment_exports.models import StartAssignmentExportInput
from central.assignment_exports.operations import START_ASSIGNMENT_EXPORT
from central.jobs.models import Job
from central_server.assignment_exports.service import AssignmentExportService
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles


class AssignmentExportRoutes:
    """Serves the operation on exports of assignments."""

    def __init__(self, exports: AssignmentExportService) -> None:
        self.exports = exports

    @handles(START_ASSIGNMENT_EXPORT)
    async def start(self, input: StartAssignmentExportInput, actor: Actor) -> Job:
        return await self.exports.TX_start(input, actor)
