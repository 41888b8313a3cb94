from central.jobs.models import Job
from central.user_imports.models import AddImportRowsInput, RunImportInput, StartUserImportInput
from central.user_imports.operations import ADD_IMPORT_ROWS, RUN_USER_IMPORT, START_USER_IMPORT
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.user_imports.service import UserImportService


class UserImportRoutes:
    """Serves the operations on imports of users."""

    def __init__(self, imports: UserImportService) -> None:
        self.imports = imports

    @handles(START_USER_IMPORT)
    async def start(self, input: StartUserImportInput, actor: Actor) -> Job:
        return await self.imports.TX_start(input, actor)

    @handles(ADD_IMPORT_ROWS)
    async def add_rows(self, input: AddImportRowsInput, actor: Actor) -> Job:
        return await self.imports.TX_add_rows(input, actor)

    @handles(RUN_USER_IMPORT)
    async def run(self, input: RunImportInput, actor: Actor) -> Job:
        return await self.imports.TX_run(input, actor)
