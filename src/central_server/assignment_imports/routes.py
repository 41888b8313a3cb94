from central.assignment_imports.models import StartAssignmentImportInput
from central.assignment_imports.operations import (
    ADD_ASSIGNMENT_IMPORT_ROWS,
    RUN_ASSIGNMENT_IMPORT,
    START_ASSIGNMENT_IMPORT,
)
from central.jobs.models import Job
from central.user_imports.models import AddImportRowsInput, RunImportInput
from central_server.assignment_imports.service import AssignmentImportService
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles


class AssignmentImportRoutes:
    """Serves the operations on imports of assignments."""

    def __init__(self, imports: AssignmentImportService) -> None:
        self.imports = imports

    @handles(START_ASSIGNMENT_IMPORT)
    async def start(self, input: StartAssignmentImportInput, actor: Actor) -> Job:
        return await self.imports.TX_start(input, actor)

    @handles(ADD_ASSIGNMENT_IMPORT_ROWS)
    async def add_rows(self, input: AddImportRowsInput, actor: Actor) -> Job:
        return await self.imports.TX_add_rows(input, actor)

    @handles(RUN_ASSIGNMENT_IMPORT)
    async def run(self, input: RunImportInput, actor: Actor) -> Job:
        return await self.imports.TX_run(input, actor)
