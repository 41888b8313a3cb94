from central.jobs.models import Job
from central.user_exports.models import StartUserExportInput
from central.user_exports.operations import START_USER_EXPORT
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.user_exports.service import UserExportService


class UserExportRoutes:
    """Serves the operation on exports of users."""

    def __init__(self, exports: UserExportService) -> None:
        self.exports = exports

    @handles(START_USER_EXPORT)
    async def start(self, input: StartUserExportInput, actor: Actor) -> Job:
        return await self.exports.TX_start(input, actor)
